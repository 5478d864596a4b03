//! The fields of a value that a module splits at commas as it splits the arguments of an application.

use bstr::{BStr, BString};

/// Splits a line at its commas into at most `most` fields, as Asterisk does: not inside quotes, brackets and parentheses,
/// nor behind a backslash. Quotes and backslashes are removed, except from the last of `most` fields, which is the rest of
/// the line as it stands.
pub(crate) fn fields(line: &BStr, most: usize) -> Vec<BString> {
    let mut fields = Vec::new();
    let mut rest: &[u8] = line;
    while fields.len() + 1 < most {
        let (field, behind) = first_field(rest);
        fields.push(field);
        match behind {
            Some(behind) => rest = behind,
            None => return fields,
        }
    }
    fields.push(rest.into());
    fields
}

/// Returns the first field, and what follows its comma if there is one.
fn first_field(line: &[u8]) -> (BString, Option<&[u8]>) {
    let mut field = BString::default();
    let (mut parentheses, mut brackets, mut is_quoted) = (0_usize, 0_usize, false);
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'[' => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            b'"' => {
                is_quoted = !is_quoted;
                continue;
            }
            b'\\' => {
                field.extend(bytes.next());
                continue;
            }
            b',' if parentheses == 0 && brackets == 0 && !is_quoted => {
                return (field, Some(bytes.as_slice()));
            }
            _ => {}
        }
        field.push(byte);
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_separates_fields_outside_quotes_and_brackets() {
        let table: &[(&str, &[&str])] = &[
            ("", &[""]),
            ("PJSIP/a", &["PJSIP/a"]),
            ("a,0,Ann,hint:a@b", &["a", "0", "Ann", "hint:a@b"]),
            ("a,", &["a", ""]),
            (r#"a,,"Ann, Bob""#, &["a", "", "Ann, Bob"]),
            (r"a\,b\\,c\", &[r"a,b\", "c"]),
            ("a(1,2),b[3,4],c)", &["a(1,2)", "b[3,4]", "c)"]),
            ("a(1,2", &["a(1,2"]),
            (r#"a,b,c,d,"e",f"#, &["a", "b", "c", "d", r#""e",f"#]),
        ];
        for (line, expected) in table {
            assert_eq!(fields(BStr::new(line), 5), *expected, "{line}");
        }
    }
}
