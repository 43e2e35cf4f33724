//! Help, completions, and arguments that cannot be.

use super::{outcome, recio};
use std::path::Path;

fn stdout(args: &[&str]) -> String {
    let (code, stdout, stderr) = outcome(recio(Path::new("/")).args(args));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
    stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_help_lists_commands_and_exit_codes() {
    insta::assert_snapshot!(stdout(&["--help"]), @r"
    Trades Kalshi's hourly crypto markets: from entry signal to settlement, with every cent accounted
    for

    Usage: recio [OPTIONS] <COMMAND>

    Commands:
      demo         Play the recorded market that ships with recio, and trade it from entry signal to
                   settlement
      run          Trade, in the mode that --mode names
      sim          The simulated exchange
      record       Record markets and prices while they happen
      data         Recordings, histories of prices, and the archive
      fingerprint  Fingerprints: how far prices moved, by time to close and momentum
      strikes      Show the strike table of a recorded moment
      trades       Show our trades, newest first
      orders       Show our orders, newest first
      fills        Show the fills of our orders, newest first
      positions    Show open positions
      settlements  Show settlements, newest first
      export       Write a table of the store as CSV, JSON lines or Parquet
      reconcile    Compare the store with the exchange's own account
      db           Look after the store
      import       Take over what another program kept
      replay       Run the engine again over an input log, and compare its outputs bit for bit
      kill         Stop sending orders at once, also after a restart, until a person releases it
      close        Have the running recio close a trade: sell what it holds
      disarm       Have the running recio send only orders that reduce
      arm          Have the running recio send all orders again, after a disarm or a halt
      doctor       Look at keys, clock, hosts, feeds, limits, disk and config, and say what to do
      config       The config in force, and overrides that tighten it
      completions  Print a shell's completion script
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --config <FILE>
              Config file [default: recio.toml in the working directory, if it is there]

              [env: RECIO_CONFIG=]

          --store <URL>
              Where facts are kept: sqlite://PATH, postgres://USER@HOST/DATABASE or memory: [default:
              recio.db in the data directory]

          --json
              Print results as JSON

      -v, --verbose...
              Say more on stderr (-v debug, -vv trace); RECIO_LOG takes filters such as
              info,recio_kalshi=debug

      -q, --quiet
              Say nothing on stderr but warnings and errors

          --log-format <FORMAT>
              Form of the log on stderr

              Possible values:
              - text: For people
              - json: One JSON object a line

    Exit codes:
        0  done
        1  it did not work; the message on stderr says why
        2  the arguments or the config are wrong; nothing was done
        3  reconcile --strict, replay or db verify found a difference
        4  the kill latch holds
      130  interrupted, stopped in order
    ");
}

#[test]
fn the_help_of_commands() {
    insta::assert_snapshot!(stdout(&["kill", "--help"]), @r"
    Stop sending orders at once, also after a restart, until a person releases it

    Usage: recio kill [OPTIONS]

    Options:
          --reason <TEXT>
              Why; kept in the latch file

          --release
              Remove the latch, so that orders may be sent again; asks for --yes

          --yes
              Confirm --release

          --status
              Only say whether the latch holds; ends with 4 if it does

          --data-dir <DIR>
              The data directory of the recio to stop; the config is not read then, so that a broken one
              cannot get in the way

      -h, --help
              Print help (see a summary with '-h')

    Global options:
          --config <FILE>
              Config file [default: recio.toml in the working directory, if it is there]

              [env: RECIO_CONFIG=]

          --store <URL>
              Where facts are kept: sqlite://PATH, postgres://USER@HOST/DATABASE or memory: [default:
              recio.db in the data directory]

          --json
              Print results as JSON

      -v, --verbose...
              Say more on stderr (-v debug, -vv trace); RECIO_LOG takes filters such as
              info,recio_kalshi=debug

      -q, --quiet
              Say nothing on stderr but warnings and errors

          --log-format <FORMAT>
              Form of the log on stderr

              Possible values:
              - text: For people
              - json: One JSON object a line
    ");
    insta::assert_snapshot!(stdout(&["sim", "serve", "--help"]), @r"
    Serve a recording, or a synthetic world, as an exchange on loopback

    Usage: recio sim serve [OPTIONS]

    Options:
          --listen <ADDR>
              Address to listen on; port 0 takes a free one

              [default: 127.0.0.1:0]

          --recording <FILE>
              The recording to play [default: the one of the config, or the one that ships]

          --synthetic <HOURS>
              Make so many hours of markets by chance, from --seed, in place of a recording

          --from <TIME>
              When that world begins [default: 2026-11-22T14:00:00Z; the present with --rebase now]

          --hourly-strikes <N>
              Strikes of each hour of the synthetic world (KXBTCD)

              [default: 0]

          --scenario <NAME|FILE>
              What goes wrong: a name that `recio sim scenarios` lists, or a file

          --seed <N>
              What comes by chance, in the synthetic world and in the scenario

              [default: 1]

          --speed <SPEED>
              lockstep, or 1 to 60 times real time

              [default: lockstep]

          --rebase <WHEN>
              Move the recording by whole quarters of an hour, with the names of its markets

              Possible values:
              - now: So that it plays now, and its market closes in 5 to 20 minutes

          --key-type <TYPE>
              Type of the clients' keys; Kalshi's own TypeScript client needs rsa

              Possible values:
              - ed25519: Ed25519
              - rsa:     RSA with 2048 bits

              [default: ed25519]

          --ready-file <FILE>
              File to write when it listens: JSON with addresses, key and markets

          --clients <N>
              Clients to wait for in lockstep before time moves

              [default: 1]

      -h, --help
              Print help (see a summary with '-h')

    Global options:
          --config <FILE>
              Config file [default: recio.toml in the working directory, if it is there]

              [env: RECIO_CONFIG=]

          --store <URL>
              Where facts are kept: sqlite://PATH, postgres://USER@HOST/DATABASE or memory: [default:
              recio.db in the data directory]

          --json
              Print results as JSON

      -v, --verbose...
              Say more on stderr (-v debug, -vv trace); RECIO_LOG takes filters such as
              info,recio_kalshi=debug

      -q, --quiet
              Say nothing on stderr but warnings and errors

          --log-format <FORMAT>
              Form of the log on stderr

              Possible values:
              - text: For people
              - json: One JSON object a line
    ");
    insta::assert_snapshot!(stdout(&["run", "--help"]), @r"
    Trade, in the mode that --mode names

    Usage: recio run [OPTIONS]

    Options:
          --mode <MODE>
              Where data come from and orders go

              Possible values:
              - paper:  Live data, simulated fills; no order leaves this machine
              - shadow: Live data; what would have been ordered is recorded, and nothing else
              - sim:    A recording through the simulator, over the real protocol

              [default: paper]

          --keyless
              On paper and in the shadow: use no key; books are read over public REST then (delayed),
              and a spot price stands in for the index

          --recording <FILE>
              The recording to play [default: the one of the config, or the one that ships]

          --endpoint <FILE>
              A running simulator: the file that `recio sim serve --ready-file` wrote

          --speed <SPEED>
              lockstep, or 1 to 60 times real time; a running simulator has its own

              [default: lockstep]

          --accept-store
              Go on with the store as it is, though it lacks facts that it held: an older copy was put
              back, and there is no newer one. What it lacks of orders, fills and settlements is filled
              in from the journal and the exchange; decisions and alarms of that time are lost

          --bus <URL>
              Tell others what the run does: redis://HOST:PORT/0, rediss:// for TLS, or unix:///PATH
              [default: the one of the config, or nobody]

      -h, --help
              Print help (see a summary with '-h')

    Global options:
          --config <FILE>
              Config file [default: recio.toml in the working directory, if it is there]

              [env: RECIO_CONFIG=]

          --store <URL>
              Where facts are kept: sqlite://PATH, postgres://USER@HOST/DATABASE or memory: [default:
              recio.db in the data directory]

          --json
              Print results as JSON

      -v, --verbose...
              Say more on stderr (-v debug, -vv trace); RECIO_LOG takes filters such as
              info,recio_kalshi=debug

      -q, --quiet
              Say nothing on stderr but warnings and errors

          --log-format <FORMAT>
              Form of the log on stderr

              Possible values:
              - text: For people
              - json: One JSON object a line
    ");
}

#[test]
fn every_command_has_help() {
    for command in [
        "demo",
        "run",
        "sim",
        "data",
        "fingerprint",
        "strikes",
        "trades",
        "orders",
        "fills",
        "positions",
        "settlements",
        "reconcile",
        "db",
        "import",
        "replay",
        "kill",
        "close",
        "disarm",
        "arm",
        "config",
        "completions",
    ] {
        assert!(stdout(&[command, "--help"]).contains("--json"), "{command}");
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&["completions", shell]).contains("settlements"), "{shell}");
    }
}

#[test]
fn wrong_arguments_end_with_2_and_print_nothing() {
    for args in [
        &["nonsense"][..],
        &["run"],
        &["run", "--mode", "live"],
        &["demo", "--speed", "0"],
        &["demo", "--speed", "61"],
        &["sim", "serve", "--clients", "0"],
        &["sim", "serve", "--rebase", "then"],
        &["kill"],
        &["kill", "--release", "--reason", "x"],
        &["close"],
        &["close", "t-1", "--wait", "0"],
        &["disarm"],
        &["arm"],
        &["trades", "--market", ""],
        &["trades", "-v", "-q"],
    ] {
        let (code, stdout, stderr) = outcome(recio(Path::new("/")).args(args));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(stderr.starts_with("error: "), "{args:?}: {stderr}");
    }
}
