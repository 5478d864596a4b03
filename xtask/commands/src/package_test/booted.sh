# Runs in the booted system, as root, with "sh -eux". The last traced line is the command that failed.

service=wazo-confgend.service
pid() { systemctl show --property MainPID --value "$service"; }
running() { systemctl is-active --quiet "$service"; }
# A failing "! command" does not end a script with "set -e"; a failing "not command" does.
not() { if "$@"; then return 1; fi; }

# Without a sign of life, the watchdog kills the service within a second. The rest of the unit is as packaged.
mkdir -p /etc/systemd/system/$service.d
printf '[Service]\nWatchdogSec=1\n' >/etc/systemd/system/$service.d/watchdog.conf

dpkg --install /srv/confgend_*-1_*.deb /srv/confgend-client_*-1_*.deb
systemctl is-enabled $service
systemctl is-active confgend.service
test "$(cat /run/wazo-confgend/wazo-confgend.pid)" = "$(pid)"

# The sandbox of the unit is in force.
first=$(pid)
grep --quiet --extended-regexp 'Seccomp:[[:space:]]+2' "/proc/$first/status"
grep --quiet --extended-regexp 'NoNewPrivs:[[:space:]]+1' "/proc/$first/status"
grep --quiet --extended-regexp 'CapBnd:[[:space:]]+0+$' "/proc/$first/status"
not nsenter --target "$first" --mount touch /etc/wazo-confgend/written /usr/written
nsenter --target "$first" --mount touch /var/log/wazo-confgend.log /var/cache/wazo-confgend

# In the sandbox, the service serves the same files that "confgend generate" writes.
confgend generate --db sqlite:/srv/office.db --out /srv/generated --quiet
for file in /srv/generated/*/*; do
    wazo-confgen "${file#/srv/generated/}" | cmp - "$file"
done
test -s /var/log/wazo-confgend.log
cmp /var/cache/wazo-confgend/wazo/uuid.yml /srv/generated/wazo/uuid.yml

systemctl reload $service
sleep 3
running
test "$(pid)" = "$first"

# A killed service is restarted.
kill -KILL "$first"
sleep 3
running
second=$(pid)
test "$second" != "$first"

dpkg --install /srv/confgend_*-2_*.deb /srv/confgend-client_*-2_*.deb
running
test "$(pid)" != "$second"
wazo-confgen wazo/uuid.yml | cmp - /srv/generated/wazo/uuid.yml

systemctl stop $service
test "$(systemctl show --property Result --value $service)" = success
test ! -e /run/wazo-confgend
systemctl start $service
dpkg --remove confgend confgend-client
not running
dpkg --purge confgend confgend-client
not systemctl cat $service
echo "all checks passed"
