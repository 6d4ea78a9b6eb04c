//! Pictures that need no colour and no style sheet: dark ink on white, hatched where something stands out, every value in words.

use std::fmt::Write as _;

/// A picture that is drawn from top to bottom.
pub(crate) struct Picture {
    text: String,
}

impl Picture {
    /// An empty one with what it is called and what it shows, for those who cannot see it.
    pub(crate) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             aria-labelledby=\"title description\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n\
             <defs><pattern id=\"hatched\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"white\"/>\
             <rect width=\"3\" height=\"6\" fill=\"#222\"/></pattern></defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
            escaped(title),
            escaped(description),
        );
        Self { text }
    }

    /// Words, `anchor`ed at their `start`, `middle` or `end`.
    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, words: &str) {
        let _ = writeln!(
            self.text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#111\">{words}</text>"
        );
    }

    /// A thin line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#999\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A box of a size, full or hatched.
    pub(crate) fn bar(&mut self, at: (f64, f64), (width, height): (f64, f64), hatched: bool) {
        let fill = if hatched { "url(#hatched)" } else { "#46617a" };
        let _ = writeln!(
            self.text,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{fill}\" stroke=\"#222\"/>",
            at.0,
            at.1,
            width.max(1.0),
        );
    }

    pub(crate) fn finish(self) -> String {
        self.text + "</svg>\n"
    }
}

/// A text as it is written in HTML and XML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
