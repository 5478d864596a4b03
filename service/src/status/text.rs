//! Numbers and times, as people read them.

/// Returns a time span in its largest unit: `3 min`.
pub fn ago(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3600, "h"), (60, "min")];
    // Two of a unit at least: "90 min" says more than "1 h".
    let unit = UNITS.iter().find(|(length, _)| seconds >= 2 * length);
    unit.map_or_else(|| format!("{seconds} s"), |(length, unit)| format!("{} {unit}", seconds / length))
}

/// Returns a size: `1.5 MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let Some((size, unit)) = UNITS.iter().find(|(size, _)| bytes >= *size) else {
        return format!("{bytes} B");
    };
    let (whole, tenth) = (bytes / size, bytes % size * 10 / size);
    if whole < 10 { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

/// Returns a number with a thin blank between thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Returns a number of things: `1 warning`, `2 warnings`.
pub fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// Returns a duration: `0.4 ms`, `12 ms`, `1.5 s`. The history has whole milliseconds, so nothing is less than one.
pub(super) fn milliseconds(milliseconds: f64) -> String {
    if milliseconds <= 0.0 {
        "< 1 ms".to_owned()
    } else if milliseconds >= 1000.0 {
        format!("{:.1} s", milliseconds / 1000.0)
    } else if milliseconds >= 10.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{milliseconds:.1} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_has_its_largest_unit() {
        let texts = [0, 119, 120, 7199, 7200, 172_799, 172_800].map(ago);
        assert_eq!(texts, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
    }

    #[test]
    fn sizes_and_numbers_are_short() {
        assert_eq!(
            [0, 999, 1000, 9_990, 123_456, 7_000_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "9.9 kB", "123 kB", "7.0 MB"]
        );
        assert_eq!([7, 1234, 1_234_567].map(grouped), ["7", "1\u{202f}234", "1\u{202f}234\u{202f}567"]);
        assert_eq!([count(1, "file"), count(0, "file")], ["1 file", "0 files"]);
        assert_eq!([0.0, 0.44, 12.3, 1500.0].map(milliseconds), ["< 1 ms", "0.4 ms", "12 ms", "1.5 s"]);
    }
}
