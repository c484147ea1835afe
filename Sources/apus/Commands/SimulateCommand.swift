import ArgumentParser

/// `apus simulate`: the scheduler at work without an engine.
struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run the server's scheduler against a cost model of an engine.",
    discussion: """
      apus simulate calibrate --model F -o cost.json         measure this machine
      apus simulate --cost cost.json --conversations 1000 --rate 2
      apus simulate --model F --bandwidth 400 --int8 4000 --rate 20    another machine
      apus simulate --running 256 --waiting 10000            the scheduler's own cost

      Without a subcommand a trace is run; apus simulate run --help lists its options.
      """,
    subcommands: [SimulateRunCommand.self, SimulateCalibrateCommand.self],
    defaultSubcommand: SimulateRunCommand.self)
}
