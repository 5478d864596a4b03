//! `cargo xtask bench --profile`: writes a flame graph of what the processors do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driver_api::Error;

use crate::{command, debian, file_error, target};

/// Runs a command under `perf`, and writes a flame graph below target/bench.
pub(crate) fn write(title: &str, measured: &Command) -> Result<(), Error> {
    ensure_perf()?;
    let tools = ensure_inferno()?;
    let folder = target().join("bench");
    fs::create_dir_all(&folder).map_err(|error| file_error(&folder, error))?;
    let name = title.replace('/', "-").replace('*', "all");
    let file = |ending: &str| folder.join(format!("{name}.{ending}"));
    let (data, script, stacks, graph) = (file("perf"), file("script"), file("stacks"), file("svg"));
    // The stacks of compiled code without frame pointers are in its debug information.
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--freq", "997", "--call-graph", "dwarf,16384", "--output"]).arg(&data);
    command::run(perf.arg("--").arg(measured.get_program()).args(measured.get_args()))?;
    let mut perf = Command::new("perf");
    perf.args(["script", "--no-inline", "--input"]).arg(&data).stderr(Stdio::null());
    into(&mut perf, &script)?;
    into(Command::new(tools.join("inferno-collapse-perf")).arg(&script), &stacks)?;
    into(Command::new(tools.join("inferno-flamegraph")).args(["--title", title]).arg(&stacks), &graph)?;
    for file in [data, script, stacks] {
        fs::remove_file(&file).map_err(|error| file_error(&file, error))?;
    }
    say!("flame graph: {}", graph.display());
    Ok(())
}

/// Runs a command, and writes what it prints into a file.
fn into(command: &mut Command, path: &Path) -> Result<(), Error> {
    let output = File::create(path).map_err(|error| file_error(path, error))?;
    command::run(command.stdout(output))
}

fn ensure_perf() -> Result<(), Error> {
    if debian::find_or_install("perf", "linux-perf") {
        return Ok(());
    }
    Err(Error::driver("perf is not installed, and a profile needs it; type: sudo apt-get install linux-perf"))
}

/// Ensures that the programs of inferno are there, which draw flame graphs. Returns their folder.
fn ensure_inferno() -> Result<PathBuf, Error> {
    let tools = target().join("tools");
    if !tools.join("bin/inferno-flamegraph").exists() {
        say!("installing inferno, which draws flame graphs, in {}", tools.display());
        let mut cargo = command::cargo();
        command::run(cargo.args(["install", "--quiet", "--locked", "inferno", "--root"]).arg(&tools))?;
    }
    Ok(tools.join("bin"))
}
