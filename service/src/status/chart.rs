//! Small charts, as inline SVG.

use maud::{Markup, html};

/// The width and the height of a chart, in units of its own.
const SIZE: (f64, f64) = (120.0, 28.0);

/// The distance of the line from the edges.
const MARGIN: f64 = 3.0;

/// Draws a line through values, the oldest first, with a dot at the last one. `what` names them to a screen reader, which
/// also gets the range; `show` formats a value. One value alone makes no chart.
pub(super) fn line(what: &str, values: &[f64], show: impl Fn(f64) -> String) -> Markup {
    let (Some(last), true) = (values.last().copied(), values.len() > 1) else { return html! {} };
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let points: Vec<(f64, f64)> =
        (0..values.len()).map(|index| point(values, index, lowest, highest)).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let (x, y) = points.last().copied().unwrap_or_default();
    let label = format!(
        "{what}: {} to {} over the last {} texts, now {}",
        show(lowest),
        show(highest),
        values.len(),
        show(last)
    );
    html! {
        svg.chart viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } role="img" aria-label=(label) {
            title { (label) }
            polyline points=(path.join(" ")) {}
            circle cx={ (format!("{x:.1}")) } cy={ (format!("{y:.1}")) } r="2.5" {}
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are at most a hundred values")]
fn point(values: &[f64], index: usize, lowest: f64, highest: f64) -> (f64, f64) {
    let (width, height) = (SIZE.0 - 2.0 * MARGIN, SIZE.1 - 2.0 * MARGIN);
    let x = MARGIN + width * index as f64 / (values.len() - 1) as f64;
    let range = highest - lowest;
    // Equal values make a line in the middle.
    let share = if range > 0.0 { (values[index] - lowest) / range } else { 0.5 };
    (x, MARGIN + height * (1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_spans_the_range_of_its_values() {
        let chart = line("objects", &[10.0, 30.0, 20.0], |value| format!("{value:.0}")).into_string();
        assert!(chart.contains(r#"points="3.0,25.0 60.0,3.0 117.0,14.0""#), "{chart}");
        assert!(chart.contains("objects: 10 to 30 over the last 3 texts, now 20"), "{chart}");
        let flat = line("objects", &[5.0, 5.0], |value| value.to_string()).into_string();
        assert!(flat.contains(r#"points="3.0,14.0 117.0,14.0""#), "{flat}");
        assert_eq!(line("objects", &[5.0], |value| value.to_string()).into_string(), "");
    }
}
