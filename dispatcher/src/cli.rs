//! The command line of `confgend`: its options, its exit codes, and its output. It contains no logic of
//! generating or serving files.

#![expect(clippy::doc_markdown, reason = "the comments on the options are the texts of --help")]

mod apply;
mod check;
mod completion;
mod diff;
mod explain;
mod history;
mod pager;
mod pin;
mod reviewed;
mod status;
#[cfg(feature = "custom")]
mod try_driver;

use std::env;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::{ArgsInfo, CommandInfoWithArgs, FromArgs};
use database::Database;
use driver_api::{Config, Entry, Error, Namespace, Release, Schema, Session, secrets};
use drivers::{NAMESPACE_WIDTH, Plugins, Registry, Report, Writer, generate};
use service::Source as _;

use self::apply::{ApplyFiles, RollBack};
use self::check::Check;
use self::completion::Completion;
pub use self::completion::Shell;
use self::diff::Diff;
use self::explain::Explain;
use self::history::{ListHistory, Show};
use self::pin::{PinFile, UnpinFile};
use self::status::ShowStatus;
#[cfg(feature = "custom")]
use self::try_driver::Try;
use crate::config::Strictness;
use crate::site::Site;
use crate::{accept, config, features};

/// Turns the database of a telephony system into configuration files.
#[derive(ArgsInfo, FromArgs)]
#[argh(error_code(0, "All that was asked for is done."))]
#[argh(error_code(1, "Something failed; the other files are there."))]
#[argh(error_code(2, "The command line or the configuration is wrong; nothing was done."))]
#[argh(example = "confgend generate --out /root/files")]
struct Confgend {
    /// print the version
    #[argh(switch)]
    version: bool,

    #[argh(subcommand)]
    command: Option<Command>,
}

#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand)]
enum Command {
    Generate(Generate),
    List(List),
    Config(ShowConfig),
    Serve(Serve),
    Accept(Accept),
    Check(Check),
    Diff(Diff),
    Explain(Explain),
    History(ListHistory),
    Show(Show),
    Pin(PinFile),
    Unpin(UnpinFile),
    Apply(ApplyFiles),
    Rollback(RollBack),
    Status(ShowStatus),
    Completion(Completion),
    #[cfg(feature = "custom")]
    Try(Try),
}

/// Generate files, all in one snapshot of the database: one file to standard output, or several below
/// a folder. Without names it is all for which the database has the tables.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "generate")]
#[argh(example = "confgend generate asterisk/pjsip.conf --db sqlite:office.db")]
#[expect(clippy::struct_excessive_bools, reason = "they are the switches of the command")]
struct Generate {
    /// what to generate, like asterisk/pjsip.conf; all by default
    #[argh(positional, arg_name = "file")]
    namespaces: Vec<String>,

    /// the database: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH; by default the key db_uri of
    /// the configuration
    #[argh(option, arg_name = "uri")]
    db: Option<String>,

    /// the folder for the files, each as RESOURCE/FILENAME
    #[argh(option, arg_name = "dir")]
    out: Option<PathBuf>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,

    /// write files for a database of a release before the text of their drivers, too: what the database does not have is
    /// as if it were empty, and the telephone system may not understand the result
    #[argh(switch)]
    any_release: bool,

    /// end each file of Asterisk with an empty section, by which a file that includes it can tell that it is whole
    #[argh(switch)]
    end_mark: bool,

    /// print warnings and errors only
    #[argh(switch)]
    quiet: bool,
}

/// List the namespaces, their drivers, and which driver is selected; with --db, also whether the database
/// has what each driver reads. Standard error says which features are compiled in, and which are not.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "list")]
#[argh(example = "confgend list --db sqlite:office.db")]
struct List {
    /// a database to look at, without reading rows: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH
    #[argh(option, arg_name = "uri")]
    db: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,

    /// write files for a database of a release before the text of their drivers, too: what the database does not have is
    /// as if it were empty, and the telephone system may not understand the result
    #[argh(switch)]
    any_release: bool,
}

/// Show the configuration that holds, with the source of each value, and check it.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "config")]
#[argh(example = "confgend config --schema")]
struct ShowConfig {
    /// print all keys with their types, defaults and meanings as JSON Schema, for editors, and read no file
    #[argh(switch)]
    schema: bool,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// Serve files over TCP, a Unix socket or both until SIGTERM or SIGINT; SIGHUP has the configuration read
/// again.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "serve")]
#[argh(example = "confgend serve --lenient")]
struct Serve {
    /// the configuration file
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// Accept a file that the service holds back because it lost much of its content (guard.action: hold): it
/// becomes the last good copy. Without a name, list the files that are held back.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "accept")]
#[argh(example = "confgend accept asterisk/pjsip.conf")]
struct Accept {
    /// the file, like asterisk/pjsip.conf
    #[argh(positional, arg_name = "file")]
    namespace: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// All files are done.
const DONE: u8 = 0;
/// A file failed, or the database can't be reached.
const FAILED: u8 = 1;
/// The command line or the configuration is wrong; nothing was done.
const USAGE: u8 = 2;

/// Runs the program `confgend` with the given families of drivers. Two drivers of one file must have different
/// names.
///
/// The function reads the command line of the process, and prints and logs. It returns 0 when all is done, 1 when
/// something failed, 2 when the command line or the configuration is wrong.
///
/// ```no_run
/// # mod drivers_followme { pub static DRIVERS: &[driver_api::Entry] = &[]; }
/// fn main() -> std::process::ExitCode {
///     dispatcher::run(&[dispatcher::FAMILIES, &[drivers_followme::DRIVERS]].concat())
/// }
/// ```
pub fn run(families: &[&'static [Entry]]) -> ExitCode {
    #[cfg(feature = "mimalloc")]
    crate::allocator::prepare();
    let words: Vec<String> = env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let arguments = match words.as_slice() {
        [program] if is_called_as_the_daemon(program) => &["serve"],
        words => words.get(1..).unwrap_or_default(),
    };
    let code = match Confgend::from_args(&["confgend"], arguments) {
        Ok(arguments) => execute(&arguments, families).unwrap_or_else(|failure| {
            print_error(&failure.error);
            failure.code
        }),
        Err(early) if early.status.is_ok() => {
            print(&early.output);
            DONE
        }
        Err(early) => {
            // It shows arguments that it does not know: somebody may have forgotten --db.
            let _ = writeln!(io::stderr(), "{}", secrets::in_text(early.output.trim_end()));
            USAGE
        }
    };
    ExitCode::from(code)
}

/// Returns the command line of `confgend`: its commands and options with their descriptions.
pub fn command_line() -> CommandInfoWithArgs {
    CommandInfoWithArgs { name: "confgend", ..Confgend::get_args_info() }
}

/// Returns whether the program was started by the name of the Python program, which takes no arguments and serves.
fn is_called_as_the_daemon(program: &str) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == "wazo-confgend")
}

struct Failure {
    code: u8,
    error: Error,
}

fn usage(error: Error) -> Failure {
    Failure { code: USAGE, error }
}

fn failed(error: Error) -> Failure {
    Failure { code: FAILED, error }
}

fn execute(arguments: &Confgend, families: &[&'static [Entry]]) -> Result<u8, Failure> {
    if arguments.version {
        print(concat!("confgend ", env!("CARGO_PKG_VERSION"), "\n"));
        return Ok(DONE);
    }
    let registry = Registry::new(families).map_err(usage)?;
    match &arguments.command {
        Some(Command::Generate(command)) => command.execute(&registry),
        Some(Command::List(command)) => command.execute(&registry),
        Some(Command::Config(command)) => command.execute(&registry),
        Some(Command::Serve(command)) => command.execute(registry),
        Some(Command::Accept(command)) => command.execute(&registry),
        Some(Command::Check(command)) => command.execute(&registry),
        Some(Command::Diff(command)) => command.execute(&registry),
        Some(Command::Explain(command)) => command.execute(&registry),
        Some(Command::History(command)) => command.execute(&registry),
        Some(Command::Show(command)) => command.execute(&registry),
        Some(Command::Pin(command)) => command.execute(&registry),
        Some(Command::Unpin(command)) => command.execute(&registry),
        Some(Command::Apply(command)) => command.execute(&registry),
        Some(Command::Rollback(command)) => command.execute(&registry),
        Some(Command::Status(command)) => command.execute(&registry),
        Some(Command::Completion(command)) => command.execute(&registry),
        #[cfg(feature = "custom")]
        Some(Command::Try(command)) => command.execute(&registry),
        None => {
            let names: Vec<&str> = command_line().commands.iter().map(|command| command.name).collect();
            let message = format!("a command is missing: {}; see confgend --help", names.join(", "));
            Err(usage(Error::driver(message)))
        }
    }
}

impl Generate {
    fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &load_for(self.config.as_deref(), self.lenient, self.any_release, registry)?;
        let namespaces = namespaces(registry, &self.namespaces).map_err(usage)?;
        let uri = match &self.db {
            Some(uri) => uri.parse().map_err(|error: Error| usage(error.context("--db"))),
            None => config::database(config).map_err(usage),
        }?;
        if self.out.is_none() && namespaces.len() != 1 {
            return Err(usage(Error::driver("several files need a folder: add --out DIR")));
        }
        let mut database = database::open(&uri).map_err(failed)?;
        let mut snapshot = database.snapshot().map_err(failed)?;
        let mut messages = io::stderr();
        let terminal = messages.is_terminal();
        let mut report = if terminal && !self.quiet && self.out.is_some() {
            Report::with_files(&mut messages, true)
        } else {
            Report::quiet(&mut messages)
        };
        if self.namespaces.is_empty() {
            report = report.skipping();
        }
        let write = |namespace: &Namespace, text: &str| {
            let marked = self.end_mark.then(|| generate::with_end_mark(namespace, text));
            let text = marked.as_deref().unwrap_or(text);
            match &self.out {
                Some(folder) => service::destination::write(&folder.join(namespace.to_string()), text),
                None => to_standard_output(text).map(|()| None),
            }
        };
        generate::files(registry, config, &namespaces, &mut *snapshot, &mut report, &write);
        Ok(if report.finish() { DONE } else { FAILED })
    }
}

/// Returns the namespaces of these names, in the order of the command line and without duplicates; all if there is none.
fn namespaces(registry: &Registry, names: &[String]) -> Result<Vec<Namespace>, Error> {
    if names.is_empty() {
        return Ok(registry.namespaces().cloned().collect());
    }
    let mut namespaces = Vec::new();
    for text in names {
        let namespace = registry.find(text)?;
        if !namespaces.contains(&namespace) {
            namespaces.push(namespace);
        }
    }
    Ok(namespaces)
}

impl List {
    fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &load_for(self.config.as_deref(), self.lenient, self.any_release, registry)?;
        let plugins = Plugins::read(config).map_err(usage)?;
        let uri = self.db.as_ref().map(|uri| uri.parse()).transpose();
        let uri = uri.map_err(|error: Error| usage(error.context("--db")))?;
        let mut database = uri.as_ref().map(database::open).transpose().map_err(failed)?;
        let release =
            database.as_mut().map(|database| release(&mut **database)).transpose().map_err(failed)?;
        let mut rehearsal =
            database.as_mut().map(|database| database.rehearsal()).transpose().map_err(failed)?;
        let last = if rehearsal.is_some() { "SINCE DATABASE" } else { "" };
        let mut text = line("NAMESPACE", "DRIVER", "SELECTED", last);
        let mut code = DONE;
        for namespace in registry.namespaces() {
            let selected = registry.select(namespace, &plugins).map(|entry| entry.name);
            for entry in registry.drivers(namespace) {
                let is_selected = selected.as_ref().is_ok_and(|name| *name == entry.name);
                let answer = rehearsal.as_mut().map(|rehearsal| {
                    Writer::of(entry, config, namespace)
                        .and_then(|writer| {
                            writer.suits(release.unwrap_or(Release::TODAY))?;
                            writer.rehearse(&mut **rehearsal)
                        })
                        .map_or_else(|error| error.chain(), |()| "ok".to_owned())
                });
                if is_selected && answer.as_ref().is_some_and(|answer| answer != "ok") {
                    code = code.max(FAILED);
                }
                let mark = if is_selected { "yes" } else { "no" };
                let answer = answer.map(|answer| format!("{:<5} {answer}", since(entry)));
                text += &line(&namespace.to_string(), entry.name, mark, &answer.unwrap_or_default());
            }
            if let Err(error) = selected {
                print_error(&error.context(namespace.to_string()));
                code = USAGE;
            }
        }
        print(&text);
        // Standard output has only the table, which programs read, too.
        if let Some(release) = release.filter(|release| *release != Release::TODAY) {
            print_message(&format!("release of the database: {release}"));
        }
        let _ = write!(io::stderr(), "{}", features::summary());
        Ok(code)
    }
}

/// Returns the release that a database says it is of.
fn release(database: &mut dyn Database) -> Result<Release, Error> {
    Session::new(&mut *database.snapshot()?).release()
}

/// Returns the first release that a driver is for. One for an older schema has none.
fn since(entry: &Entry) -> String {
    match (entry.schema, entry.since) {
        (Schema::Before(_), _) => "-".to_owned(),
        (Schema::Current, Release::FIRST) => "any".to_owned(),
        (Schema::Current, since) => since.to_string(),
    }
}

/// Formats a line of the table.
fn line(namespace: &str, driver: &str, selected: &str, database: &str) -> String {
    let line = format!("{namespace:<NAMESPACE_WIDTH$} {driver:<12} {selected:<8} {database}");
    format!("{}\n", line.trim_end())
}

impl ShowConfig {
    fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        if self.schema {
            let schema = config::schema(registry).map_err(failed)?;
            print(&format!("{schema:#}\n"));
            return Ok(DONE);
        }
        let survey = config::survey(self.config.as_deref(), strictness(self.lenient), registry);
        let (mut loaded, mut problems) = survey.map_err(usage)?;
        // Without a file that can't be read, other values would hold.
        if problems.is_empty() {
            print(&config::show(&loaded).map_err(failed)?);
        }
        problems.extend(config::problems(&loaded.config, &loaded.registry, &mut loaded.notes));
        warn(&loaded.notes);
        problems.iter().for_each(print_error);
        Ok(if problems.is_empty() { DONE } else { USAGE })
    }
}

impl Serve {
    fn execute(&self, registry: Registry) -> Result<u8, Failure> {
        let files = config::Reloadable::new(self.config.as_deref(), strictness(self.lenient));
        let site = Site::new(registry, files);
        let configuration = site.configure().map_err(usage)?;
        #[cfg(feature = "mimalloc")]
        crate::allocator::return_memory();
        service::run(Box::new(site), configuration).map(|()| DONE).map_err(failed)
    }
}

impl Accept {
    fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &load(self.config.as_deref(), self.lenient, registry)?;
        let text = match &self.namespace {
            Some(name) => accept::accept(&registry.find(name).map_err(usage)?, config),
            None => accept::list(registry, config),
        };
        print(&text.map_err(failed)?);
        Ok(DONE)
    }
}

fn strictness(lenient: bool) -> Strictness {
    if lenient { Strictness::Lenient } else { Strictness::Strict }
}

/// Does the same as [`load`], for a command with the switch `--any-release`.
fn load_for(
    main: Option<&Path>,
    lenient: bool,
    any_release: bool,
    registry: &Registry,
) -> Result<(Config, Registry), Failure> {
    let (config, registry) = load(main, lenient, registry)?;
    Ok((if any_release { config::with_any_release(config) } else { config }, registry))
}

/// Returns the configuration, and the drivers with those that it defines.
fn load(main: Option<&Path>, lenient: bool, registry: &Registry) -> Result<(Config, Registry), Failure> {
    let loaded = config::load(main, strictness(lenient), registry).map_err(usage)?;
    warn(&loaded.notes);
    Ok((loaded.config, loaded.registry))
}

fn warn(notes: &[String]) {
    for note in notes {
        let _ = writeln!(io::stderr(), "warning: {note}");
    }
}

/// Prints an error, and below it the lines that show the place of a mistake.
fn print_error(error: &Error) {
    print_message(&format!("error: {}", error.chain()));
    if let Some(excerpt) = error.excerpt() {
        print_message(&secrets::in_text(excerpt));
    }
}

/// Prints a line to standard error.
fn print_message(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn to_standard_output(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::driver("can't be written").because(error).context("standard output"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_every_command_can_be_typed() {
        let top = command_line();
        let examples = top.commands.iter().flat_map(|command| command.command.examples);
        for example in examples.chain(top.examples) {
            let words: Vec<&str> = example.split(' ').collect();
            assert_eq!(words[0], "confgend");
            let parsed = Confgend::from_args(&["confgend"], &words[1..]).map_err(|early| early.output);
            assert_eq!(parsed.err(), None, "{example}");
        }
    }
}
