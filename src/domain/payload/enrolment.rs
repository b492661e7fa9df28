//! The centre's enrolment code (`tracepost:1?…`): it admits a device, so it is no mark of an item, and what it holds stands in no log.

use super::Understood;
use crate::domain::mark::Scheme;

const BEGINS: &str = "tracepost:";

/// What is kept of such a code: that it was one.
pub fn understand(text: &str) -> Option<Understood> {
    text.get(..BEGINS.len()).filter(|begin| begin.eq_ignore_ascii_case(BEGINS))?;
    let mut out = Understood::one("enrolment", Scheme::Other, BEGINS);
    out.fact("withheld", "an enrolment code: tracepost enrol takes it");
    Some(out)
}

#[cfg(test)]
mod tests {
    use crate::domain::understand::{understand, understand_typed};

    #[test]
    fn the_token_of_an_enrolment_code_is_nowhere() {
        let code = "TRACEPOST:1?u=https://hub.example:8443&f=abab&t=SECRET77";
        for understood in [understand(code, "]Q1"), understand_typed(code)] {
            assert!(
                !format!("{understood:?}").contains("SECRET77") && understood.form == "enrolment",
                "{understood:?}"
            );
        }
    }
}
