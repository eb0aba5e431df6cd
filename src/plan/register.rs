//! What a run does about scenes whose pictures lie beside the others.

/// What is done about scenes that lie beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// Nothing: scenes are read as they lie, and nobody looks how.
    Off,
    /// It is told how each scene lies; one that lies more than two pixels off is set aside.
    Check,
    /// The same, and scenes are read where they belong.
    Correct,
}

impl Register {
    /// What is done in a series where nothing else is asked for.
    pub const OF_SERIES: Register = Register::Check;

    /// The same of two dates: what lies beside the other date looks changed, and no third date knows better.
    pub const OF_PAIR: Register = Register::Correct;

    /// Reads `off`, `check`, `correct`.
    pub fn parse(text: &str) -> Option<Register> {
        [Register::Off, Register::Check, Register::Correct].into_iter().find(|one| one.name() == text)
    }

    /// As a plan writes it.
    pub fn name(self) -> &'static str {
        match self {
            Register::Off => "off",
            Register::Check => "check",
            Register::Correct => "correct",
        }
    }
}
