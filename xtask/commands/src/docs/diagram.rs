//! Boxes and arrows as a picture in SVG. `layout-rs` finds the places; this file says what they look like.

use std::fmt::Write as _;

use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::svg::{Page, escaped};

/// The width of a character and the height of a line, in pixels, with room for fonts that are wider than most.
const CHARACTER: f64 = 8.2;
const LINE: f64 = 18.0;

/// The room between the text of a box and its border.
const PADDING: f64 = 24.0;

/// Where arrows point.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Right,
    Down,
}

/// Boxes with arrows between them.
pub(super) struct Diagram {
    pub(super) direction: Direction,
    /// Sentences for people who can't see it.
    pub(super) description: String,
    /// The lines of each box: titles, and paths of files.
    pub(super) boxes: Vec<Vec<String>>,
    /// Pairs of boxes, by their positions.
    pub(super) arrows: Vec<(usize, usize)>,
}

impl Diagram {
    /// Draws the picture.
    pub(super) fn svg(&self) -> String {
        let orientation = match self.direction {
            Direction::Right => Orientation::LeftToRight,
            Direction::Down => Orientation::TopToBottom,
        };
        let mut graph = VisualGraph::new(orientation);
        let handles: Vec<_> =
            self.boxes.iter().map(|lines| graph.add_node(element(lines, orientation))).collect();
        for &(from, to) in &self.arrows {
            graph.add_edge(Arrow::simple(""), handles[from], handles[to]);
        }
        let mut canvas = Canvas::default();
        graph.do_it(false, false, false, &mut canvas);
        canvas.page(&self.description)
    }
}

fn element(lines: &[String], orientation: Orientation) -> Element {
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let (width, height) = (to_float(longest) * CHARACTER + PADDING, to_float(lines.len()) * LINE + PADDING);
    let size = Point::new(width, height);
    let look = StyleAttr::simple();
    Element::create(ShapeKind::new_box(&lines.join("\n")), look, orientation, size)
}

/// Collects what the layout draws. Arrows stand behind boxes.
#[derive(Default)]
struct Canvas {
    arrows: String,
    boxes: String,
    /// The corners of everything.
    corners: Option<(Point, Point)>,
}

impl Canvas {
    fn page(&self, description: &str) -> String {
        let (min, max) = self.corners.unwrap_or((Point::zero(), Point::zero()));
        let content = format!(
            "<g transform=\"translate({:.0} {:.0})\">\n{}{}</g>\n",
            -min.x, -min.y, self.arrows, self.boxes
        );
        Page { width: max.x - min.x, height: max.y - min.y, description, content: &content }.svg()
    }

    fn include(&mut self, point: Point) {
        let (min, max) = self.corners.unwrap_or((point, point));
        self.corners = Some((
            Point::new(min.x.min(point.x), min.y.min(point.y)),
            Point::new(max.x.max(point.x), max.y.max(point.y)),
        ));
    }
}

impl RenderBackend for Canvas {
    fn draw_rect(&mut self, xy: Point, size: Point, _: &StyleAttr, _: Option<String>, _: Option<ClipHandle>) {
        let (x, y, width, height) = (xy.x, xy.y, size.x, size.y);
        let _ = writeln!(
            self.boxes,
            r#"<rect class="box" x="{x:.0}" y="{y:.0}" width="{width:.0}" height="{height:.0}" rx="6"/>"#
        );
        self.include(xy);
        self.include(Point::new(x + width, y + height));
    }

    fn draw_text(&mut self, middle: Point, text: &str, _: &StyleAttr) {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            // A path is set back behind what it is about.
            let class = if line.contains('/') { "path" } else { "title" };
            let y = middle.y + (to_float(index) - to_float(lines.len() - 1) / 2.0) * LINE;
            let _ = writeln!(
                self.boxes,
                r#"<text class="{class}" x="{:.0}" y="{y:.0}">{}</text>"#,
                middle.x,
                escaped(line)
            );
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _: bool,
        _: (bool, bool),
        _: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        // The way out of the first point, and then the ways into the others.
        let mut curve = String::new();
        for (index, (point, control)) in path.iter().enumerate() {
            self.include(*point);
            let (x, y, control_x, control_y) = (point.x, point.y, control.x, control.y);
            let _ = match index {
                0 => write!(curve, "M{x:.0} {y:.0} C{control_x:.0} {control_y:.0}"),
                1 => write!(curve, " {x:.0} {y:.0} {control_x:.0} {control_y:.0}"),
                _ => write!(curve, " S{x:.0} {y:.0} {control_x:.0} {control_y:.0}"),
            };
        }
        let _ = writeln!(self.arrows, r#"<path class="arrow" d="{curve}"/>"#);
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

fn to_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_and_arrows_are_drawn_the_same_each_time() {
        let lines = |text: &str| text.split('|').map(str::to_owned).collect();
        let diagram = || Diagram {
            direction: Direction::Right,
            description: "a uses b".to_owned(),
            boxes: vec![lines("a <1>|src/a.rs"), lines("b")],
            arrows: vec![(0, 1)],
        };
        let svg = diagram().svg();
        assert_eq!(svg.matches(r#"<rect class="box""#).count(), 2);
        assert_eq!(svg.matches(r#"<path class="arrow""#).count(), 1);
        assert!(svg.contains(">a &lt;1&gt;</text>") && svg.contains(r#"class="path""#), "{svg}");
        assert_eq!(diagram().svg(), svg);
    }
}
