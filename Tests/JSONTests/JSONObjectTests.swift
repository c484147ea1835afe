import JSON
import Testing

struct JSONObjectTests {
  @Test func keepsOrderAndReplacesInPlace() throws {
    var object = try #require(try JSON(parsing: #"{"b":1,"a":2,"b":3}"#).objectValue)
    #expect(object.keys == ["b", "a"])
    #expect(object["b"] == 3)
    object["c"] = nil
    object["a"] = nil
    object["z"] = true
    #expect(JSON.object(object).serialized() == #"{"b":3,"z":true}"#)
    #expect(object.removeValue(forKey: "b") == 3)
    #expect(object.removeValue(forKey: "b") == nil)
  }

  @Test func comparesKeysByBytes() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    var object: JSONObject = [composed: 1, decomposed: 2]
    #expect(object.count == 2)
    #expect(object[composed] == 1)
    #expect(object[decomposed] == 2)
    for number in 0..<40 { object["\(number)"] = .integer(number) }
    #expect(object[composed] == 1)
    #expect(object[decomposed] == 2)
    #expect(JSON.string(composed) != JSON.string(decomposed))
  }

  @Test func agreesWithADictionaryThroughGrowthAndRemoval() {
    var object = JSONObject()
    var reference: [String: JSON] = [:]
    var order: [String] = []
    var state: UInt64 = 7
    for step in 0..<4000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = "k\(state >> 33 % 60)"
      if state >> 60 < 6 {
        #expect(object.removeValue(forKey: key) == reference.removeValue(forKey: key))
        order.removeAll { $0 == key }
      } else {
        if reference[key] == nil { order.append(key) }
        reference[key] = .integer(step)
        object[key] = .integer(step)
      }
      #expect(object.count == reference.count)
    }
    #expect(object.keys == order)
    for (key, value) in object { #expect(reference[key] == value) }
  }

  @Test func equalityIgnoresOrderButNotKind() {
    let left: JSON = ["a": 1, "b": [1.0, nil]]
    let right: JSON = ["b": [1.0, nil], "a": 1]
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
    #expect(JSON.integer(1) != JSON.double(1))
  }

  @Test func accessorsTellKindsApart() {
    let value: JSON = ["s": "x", "i": 3, "d": 2.5, "w": 4.0, "b": true, "n": nil, "a": [1, 2]]
    #expect(value["s"]?.stringValue == "x")
    #expect(value["i"]?.intValue == 3)
    #expect(value["i"]?.doubleValue == 3)
    #expect(value["d"]?.intValue == nil)
    #expect(value["w"]?.intValue == 4)
    #expect(value["b"]?.boolValue == true)
    #expect(value["b"]?.intValue == nil)
    #expect(value["n"]?.isNull == true)
    #expect(value["a"]?[1] == 2)
    #expect(value["a"]?[2] == nil)
    #expect(value["a"]?[-1] == nil)
    #expect(value["missing"] == nil)
    #expect(JSON.double(.infinity).serialized() == "null")
    #expect(JSON.double(1e300).intValue == nil)
  }
}
