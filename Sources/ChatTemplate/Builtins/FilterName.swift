/// Jinja's filters. Those without a case in `Filters` are known, so that a template that only mentions them
/// still compiles, and fail as unsupported when they are reached.
enum FilterName: String, Sendable {
  case abs, attr, batch, capitalize, center, count, d, `default`, dictsort, e, escape, filesizeformat, first, float
  case forceescape, format, groupby, indent, int, items, join, last, length, list, lower, map, max, min, pprint
  case random, reject, rejectattr, replace, reverse, round, safe, select, selectattr, slice, sort, string, striptags
  case sum, title, tojson, trim, truncate, unique, upper, urlencode, urlize, wordcount, wordwrap, xmlattr
}

/// What built-in operations need beside their arguments.
final class Runtime {
  let budget: Budget
  /// The time `strftime_now` tells, in seconds since 1970.
  let now: Double

  init(budget: Budget, now: Double) {
    self.budget = budget
    self.now = now
  }
}
