use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Error, ErrorKind, Value};

/// The arguments of a call, by position and by name.
pub(in super::super) type Args = Rest<ValueOrKwargs>;

/// Returns an argument, which may be `none`, or the value that it has if it is not given.
pub(in super::super) fn given_or(
    args: &Kwargs,
    name: &str,
    default: impl Into<Value>,
) -> Result<Value, Error> {
    if args.has(name) { args.get(name) } else { Ok(default.into()) }
}

/// Gives the arguments of a call the names of the parameters, as Python does: each may be given by its position or by
/// its name.
pub(in super::super) fn bind(names: &[&str], args: &[Value]) -> Result<Kwargs, Error> {
    let (positional, keywords) = match args.split_last() {
        Some((last, rest)) if last.is_kwargs() => (rest, Kwargs::try_from(last.clone())?),
        _ => (args, Kwargs::from_iter([] as [(&str, Value); 0])),
    };
    if positional.len() > names.len() {
        let message = format!("takes {} arguments, and not {}", names.len(), positional.len());
        return Err(Error::new(ErrorKind::TooManyArguments, message));
    }
    let mut bound: Vec<(&str, Value)> = names.iter().copied().zip(positional.iter().cloned()).collect();
    for name in names {
        if !keywords.has(name) {
            continue;
        }
        if bound.iter().any(|(bound, _)| bound == name) {
            let message = format!("the argument {name} is given twice");
            return Err(Error::new(ErrorKind::TooManyArguments, message));
        }
        bound.push((name, keywords.get(name)?));
    }
    keywords.assert_all_used()?;
    Ok(Kwargs::from_iter(bound))
}
