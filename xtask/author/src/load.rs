//! `cargo xtask fixtures load`: loads a data set into a database.

use std::path::PathBuf;

use argh::FromArgs;
use database::Uri;
use driver_api::Error;
use fixtures::{Case, Schema, Strictness};

/// Work with data sets.
#[derive(FromArgs)]
#[argh(subcommand, name = "fixtures")]
pub struct Fixtures {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum Command {
    Load(Load),
}

/// Create the tables in an empty database and load the rows of a folder with TABLE.jsonl files.
#[derive(FromArgs)]
#[argh(subcommand, name = "load")]
struct Load {
    /// the folder
    #[argh(positional)]
    folder: PathBuf,

    /// the database: sqlite:FILE (which is created) or postgresql://…
    #[argh(option)]
    db: Uri,

    /// current or older: the schema that the database gets; by default, the one that the files belong to
    #[argh(option)]
    schema: Option<Schema>,

    /// refuse tables and columns that the schema does not have, instead of skipping them
    #[argh(switch)]
    strict: bool,
}

impl Fixtures {
    /// Runs the command.
    pub fn run(&self) -> Result<(), Error> {
        let Command::Load(Load { folder, db, schema, strict }) = &self.command;
        let strictness = if *strict { Strictness::Strict } else { Strictness::Lenient };
        let case = Case::open(folder)?;
        let schema = schema.unwrap_or(case.schema());
        for message in load(&case.with_schema(schema), db, strictness)? {
            eprintln!("{message}");
        }
        say!("loaded {} into {db}, which has the {schema} schema", folder.display());
        Ok(())
    }
}

/// Loads a case into a new SQLite file or an empty PostgreSQL database; returns a message for each skipped table or
/// column.
fn load(case: &Case, db: &Uri, strictness: Strictness) -> Result<Vec<String>, Error> {
    match db {
        Uri::Sqlite(path) => fixtures::load_sqlite(case, path, strictness),
        #[cfg(feature = "postgres")]
        Uri::Postgres(uri) => fixtures::load_postgres(case, uri, strictness),
        #[cfg(not(feature = "postgres"))]
        Uri::Postgres(_) => {
            Err(Error::driver("this program is compiled without PostgreSQL; start it with cargo xtask"))
        }
    }
}
