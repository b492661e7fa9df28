//! Characters that are no part of what is read: they command a terminal, or turn the order of what stands around them.

/// Control characters, ends of lines, and overrides and isolates of the direction of writing (Unicode Standard Annex 9), with what
/// else is drawn nowhere and changes what stands around it. Joiners and plain marks of direction belong to some scripts and are none.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}
