import Serving

/// One setting of the server. Its name is the flag (`--step-tokens`), the environment variable
/// (`APUS_STEP_TOKENS`) and the key in the configuration file (`step-tokens`).
struct Setting<Value: Sendable>: Sendable {
  let name: String
  let defaultValue: Value
  /// What a value has to look like, for error messages: "a whole number from 0 to 65535".
  let expected: String
  /// Whether the value is a list: repeated flags, comma-separated in the environment, a YAML list.
  var isList = false
  /// The value of what was written, or nil where it is not as expected.
  let parse: @Sendable ([String]) -> Value?
}

extension Setting where Value == String {
  static func text(_ name: String, default defaultValue: String) -> Setting {
    Setting(name: name, defaultValue: defaultValue, expected: "a text") { single($0).flatMap { $0.isEmpty ? nil : $0 } }
  }
}

extension Setting where Value == String? {
  static func optionalText(_ name: String, expected: String) -> Setting {
    Setting(name: name, defaultValue: nil, expected: expected) { values in
      guard let text = single(values) else { return nil }
      // An empty value takes a setting back to "not set": a variable cannot be unset everywhere.
      return .some(text.isEmpty ? nil : text)
    }
  }
}

extension Setting where Value == [String] {
  static func list(_ name: String, default defaultValue: [String], expected: String) -> Setting {
    Setting(name: name, defaultValue: defaultValue, expected: expected, isList: true) { values in
      values.contains("") ? nil : values
    }
  }
}

extension Setting where Value == SamplingOverrides {
  static func sampling(_ name: String) -> Setting {
    Setting(
      name: name, defaultValue: SamplingOverrides(),
      expected: "assignments such as temperature=0.6, top-p=0.95, top-k=20, min-p=0, presence-penalty=1.5, "
        + "frequency-penalty=0, repetition-penalty=1", isList: true
    ) { SamplingOverrides(assignments: $0) }
  }
}

extension Setting where Value == Int {
  static func whole(_ name: String, default defaultValue: Int, in range: ClosedRange<Int>) -> Setting {
    Setting(
      name: name, defaultValue: defaultValue,
      expected: "a whole number from \(range.lowerBound) to \(range.upperBound)"
    ) { single($0).flatMap(Int.init).flatMap { range.contains($0) ? $0 : nil } }
  }

  /// A number of bytes: `33554432`, or with a binary unit, `32MiB`, `4GiB`.
  static func bytes(_ name: String, default defaultValue: Int, in range: ClosedRange<Int>) -> Setting {
    Setting(
      name: name, defaultValue: defaultValue,
      expected: "a size such as 64MiB or 4GiB, from \(range.lowerBound) to \(range.upperBound) bytes"
    ) { single($0).flatMap(byteCount).flatMap { range.contains($0) ? $0 : nil } }
  }
}

extension Setting where Value == Int? {
  /// A number of bytes, or `auto`, which is nil.
  static func automaticBytes(_ name: String, in range: ClosedRange<Int>) -> Setting {
    Setting(
      name: name, defaultValue: nil,
      expected: "auto, or a size such as 64MiB or 4GiB, from \(range.lowerBound) to \(range.upperBound) bytes"
    ) { values in
      guard let text = single(values) else { return nil }
      return text == "auto" ? .some(nil) : byteCount(text).flatMap { range.contains($0) ? .some($0) : nil }
    }
  }
}

extension Setting where Value == Bool {
  static func flag(_ name: String, default defaultValue: Bool) -> Setting {
    Setting(name: name, defaultValue: defaultValue, expected: "true or false") {
      single($0).flatMap { ["true": true, "false": false][$0] }
    }
  }
}

extension Setting where Value == Double {
  static func seconds(_ name: String, default defaultValue: Double, in range: ClosedRange<Double>) -> Setting {
    Setting(
      name: name, defaultValue: defaultValue,
      expected: "a number of seconds from \(range.lowerBound) to \(range.upperBound)"
    ) { single($0).flatMap(Double.init).flatMap { range.contains($0) ? $0 : nil } }
  }
}

extension Setting where Value: RawRepresentable<String> & CaseIterable {
  /// One of an enumeration's names.
  static func choice(_ name: String, default defaultValue: Value) -> Setting {
    Setting(name: name, defaultValue: defaultValue, expected: "one of \(names(of: Value.self))") {
      single($0).flatMap(Value.init)
    }
  }
}

extension Setting {
  /// One of an enumeration's names, or `auto`, which is nil.
  static func automaticChoice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String
  ) -> Setting where Value == Choice? {
    Setting(name: name, defaultValue: nil, expected: "one of auto, \(names(of: Choice.self))") { values in
      guard let text = single(values) else { return nil }
      return text == "auto" ? .some(nil) : Choice(rawValue: text).map { .some($0) }
    }
  }
}

private func names<Choice: RawRepresentable<String> & CaseIterable>(of _: Choice.Type) -> String {
  Choice.allCases.map(\.rawValue).joined(separator: ", ")
}

private func single(_ values: [String]) -> String? {
  values.count == 1 ? values[0] : nil
}

private func byteCount(_ text: String) -> Int? {
  let units: [(suffix: String, shift: Int)] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
  for unit in units where text.hasSuffix(unit.suffix) {
    guard let count = Int(text.dropLast(unit.suffix.count)), count >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: 1 << unit.shift)
    return overflow ? nil : product
  }
  return Int(text)
}
