//! What a run does about scenes whose pictures lie beside the others.

/// What is done about scenes that lie beside the others.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// Nothing: scenes are read as they lie, and nobody looks how.
    Off,
    /// It is told how each scene lies; one that lies more than two pixels off is set aside.
    Check,
    /// The same, and scenes half a pixel or more off are read where they belong.
    /// Left out: of two dates as of a series, what lies beside the others looks changed.
    #[default]
    Correct,
}

impl Register {
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
