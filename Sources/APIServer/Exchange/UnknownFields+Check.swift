extension UnknownFields {
  /// Refuses a request with fields nobody knows, where they are to be refused.
  func check(_ places: [String]) throws(APIError) {
    if self == .refuse, let place = places.first { throw .unknownField(place) }
  }
}
