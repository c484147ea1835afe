import ArgumentParser

/// `apus bench`: a model's speed in this process, or a server's under load.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure a model's speed, or a server under load.",
    discussion: """
      apus bench --model F --prompt 512 --generate 64 --batch 1,4,16
      apus bench serve --url http://127.0.0.1:8080 --conversations 100 --rate 2

      Without a subcommand the model is measured; apus bench engine --help lists
      its options.
      """,
    subcommands: [BenchEngineCommand.self, BenchDraftCommand.self, BenchServeCommand.self],
    defaultSubcommand: BenchEngineCommand.self)
}
