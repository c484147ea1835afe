import JSON

/// What a value in a request may be. Requests are checked against it and the API's description is written from it, so
/// that the two cannot differ.
indirect enum FieldType: Sendable {
  /// Any value.
  case any
  case boolean
  case string
  /// A string with at least one character.
  case nonEmptyString
  /// A string with at least one character and at most so many UTF-8 bytes.
  case shortString(bytes: Int)
  /// One of some strings.
  case choice([String])
  case integer(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  case array(FieldType, count: ClosedRange<Int>)
  /// An object whose members are not looked at, such as a JSON schema.
  case anyObject
  /// An object with at most so many members, each a string, with names and values of at most so many characters.
  case texts(count: Int, name: Int, value: Int)
  case object(ObjectSchema)
  /// Objects told apart by the string in one of their members, `tag`. Without it they are `otherwise`, if that is given.
  case variants(tag: String, otherwise: String?, [Variant])
  /// Values told apart by their kind.
  case either([FieldType])

  /// One of the objects of `variants`.
  struct Variant: Sendable {
    /// The value of the tag.
    let name: String
    let meaning: Meaning

    enum Meaning: Sendable {
      /// It has these fields beside the tag.
      case object(ObjectSchema)
      /// It exists in the original API, but asks for what this server cannot do.
      case refused(what: String)
    }

    static func object(_ name: String, _ fields: [Field]) -> Variant {
      Variant(name: name, meaning: .object(ObjectSchema(fields)))
    }

    static func refused(_ name: String, _ what: String) -> Variant {
      Variant(name: name, meaning: .refused(what: what))
    }
  }

  /// An array of any length.
  static func array(_ element: FieldType) -> FieldType { .array(element, count: 0 ... .max) }

  /// OpenAI's `metadata`.
  static let metadata = FieldType.texts(count: 16, name: 64, value: 512)

  /// OpenAI's `service_tier`.
  static let serviceTier = FieldType.choice(["auto", "default", "flex", "scale", "priority", "fast"])
}

/// A member of an object in a request.
struct Field: Sendable {
  /// What becomes of the member.
  enum Effect: Sendable, Equatable {
    /// The server acts on it.
    case used
    /// It may be there, and changes nothing.
    case accepted
    /// It is refused with an error that names it: the server cannot do what it asks for.
    case refused
  }

  let name: String
  let type: FieldType
  let isRequired: Bool
  let effect: Effect
  /// What it means; of a refused one, what it asks for.
  let note: String

  /// A member that must be there.
  static func required(_ name: String, _ type: FieldType, _ note: String = "") -> Field {
    Field(name: name, type: type, isRequired: true, effect: .used, note: note)
  }

  /// A member that may be there.
  static func optional(_ name: String, _ type: FieldType, _ note: String = "") -> Field {
    Field(name: name, type: type, isRequired: false, effect: .used, note: note)
  }

  /// A member that may be there, and changes nothing.
  static func accepted(_ name: String, _ type: FieldType = .any, _ note: String = "") -> Field {
    Field(name: name, type: type, isRequired: false, effect: .accepted, note: note)
  }

  /// A member that must not be there, unless it is `null`.
  static func refused(_ name: String, _ what: String) -> Field {
    Field(name: name, type: .any, isRequired: false, effect: .refused, note: what)
  }
}

/// The members an object of a request may have.
struct ObjectSchema: Sendable {
  /// In the order in which they are described.
  let fields: [Field]

  init(_ fields: [Field]) { self.fields = fields }

  func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}
