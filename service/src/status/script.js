(() => {
  "use strict";
  const pause = 5000;
  const live = document.getElementById("live");

  async function update() {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = document.querySelector("main");
    const main = fresh.querySelector("main");
    // What a person has opened stays open.
    for (const opened of old.querySelectorAll("details[open][id]")) {
      const same = main.querySelector("#" + CSS.escape(opened.id));
      if (same) same.open = true;
    }
    document.title = fresh.title;
    old.replaceChildren(...main.childNodes);
  }

  // Replacing what has the focus, or is selected, would disturb a person who reads it.
  function isRead() {
    const focus = document.activeElement;
    const main = document.querySelector("main");
    return (main !== focus && main.contains(focus)) || !getSelection().isCollapsed;
  }

  async function tick() {
    if (!document.hidden && !isRead()) {
      try {
        await update();
        if (live.textContent) live.textContent = "";
      } catch {
        const lost = "The service does not answer: this page shows its last state.";
        if (live.textContent !== lost) live.textContent = lost;
      }
    }
    setTimeout(tick, pause);
  }

  setTimeout(tick, pause);
})();
