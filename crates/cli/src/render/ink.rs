//! Colour, by meaning.

use console::Style;

/// What a text means, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// A gain, or something that went well.
    Good,
    /// A loss.
    Bad,
    /// A person has to look.
    Alarm,
    /// Odd, but handled.
    Warning,
    /// Less important than the rest.
    Quiet,
    /// A title.
    Strong,
    /// A name: an id, a strategy.
    Name,
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    enabled: bool,
}

impl Ink {
    /// Writes in colour if `enabled`.
    pub(crate) const fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Whether there is any colour.
    pub(crate) const fn is_enabled(self) -> bool {
        self.enabled
    }

    /// The text in the colour of its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => Style::new().green(),
            Tone::Bad => Style::new().red(),
            Tone::Alarm => Style::new().red().bold(),
            Tone::Warning => Style::new().yellow(),
            Tone::Quiet => Style::new().dim(),
            Tone::Strong => Style::new().bold(),
            Tone::Name => Style::new().cyan(),
        };
        if !self.enabled || text.is_empty() {
            return text.to_owned();
        }
        style.force_styling(true).apply_to(text).to_string()
    }
}
