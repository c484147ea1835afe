import ArgumentParser

/// The executable: one subcommand a file in `Commands/`.
@main
struct Apus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "An OpenAI-compatible inference server for hybrid mixture-of-experts models on CPUs.",
    discussion: """
      apus serve                       serve the embedded demo model on http://127.0.0.1:8080
      apus serve --model FOLDER        serve a Qwen3-Next model in Hugging Face format
      apus inspect --model FOLDER      show what a model is and what it needs
      apus synth --output FILE.gguf    make a random model, for benchmarks

      The other commands take a model apart for tests and debugging; they read and write JSON.
      """,
    subcommands: [
      ServeCommand.self, InspectCommand.self, TokenizeCommand.self, RenderCommand.self, ScoreCommand.self,
      GenerateCommand.self, GrammarCommand.self, BenchCommand.self, SynthCommand.self, KeyCommand.self,
      SimulateCommand.self,
    ],
  )
}
