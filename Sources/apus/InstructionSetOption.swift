import ArgumentParser
import Kernels

/// `--isa NAME`, shared by the commands that compute.
struct InstructionSetOption: ParsableArguments {
  @Option(
    name: .customLong("isa"),
    help: "Instruction set of the kernels: auto (the widest), avx512, avx2 or portable. (default: auto)",
    transform: parse)
  var chosen = InstructionSet.best

  private static func parse(_ text: String) throws -> InstructionSet {
    guard let set = InstructionSet(setting: text) else {
      throw ValidationError("expected \(InstructionSet.settings).")
    }
    return set
  }
}

extension InstructionSet {
  /// What the setting `isa` may be on this machine, for error messages.
  static var settings: String {
    "auto, or what this processor has: " + available.map(\.rawValue).joined(separator: ", ")
  }

  /// The set that a value of `isa` names; nil for other texts and for sets this processor lacks.
  init?(setting: String) {
    if setting == "auto" {
      self = .best
    } else if let set = InstructionSet(rawValue: setting), Self.available.contains(set) {
      self = set
    } else {
      return nil
    }
  }
}
