import ArgumentParser
import Engine
import ModelFiles
import Models

/// `--draft KIND` and `--drafts N`, shared by the commands that generate.
struct DraftOption: ParsableArguments {
  /// Who guesses tokens, and how many a step.
  struct Drafting {
    var kind = Kind.off
    var count = 0

    /// Prepares the configuration of an engine for the guesses.
    func apply(to engine: inout EngineConfiguration, for model: ModelPackage) throws {
      if kind == .mtp, !model.offersDraftHead {
        throw CommandError.badInput(
          place: "--draft", found: "mtp, and a model without a multi-token-prediction head",
          expected: "lookup or off for it")
      }
      engine.cacheTypes.retractableRows = count
    }
  }

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case off
    case mtp
    case lookup
  }

  @Option(
    help: """
      Guess tokens, so that a step may yield several of the same text: mtp (the model's multi-token-prediction head), \
      lookup (repetitions of what was read or written) or off.
      """)
  var draft = Kind.off

  @Option(help: ArgumentHelp("Tokens to guess a step.", valueName: "n"))
  var drafts = 2

  func validate() throws {
    guard (1...8).contains(drafts) else { throw ValidationError("--drafts must be from 1 to 8.") }
  }

  /// What was asked for.
  var drafting: Drafting { draft == .off ? Drafting() : Drafting(kind: draft, count: drafts) }
}
