import JSON
import Testing

@testable import APIServer

@Suite struct ResponseStoreTests {
  private func entry(_ text: String) -> ResponseStore.Entry {
    ResponseStore.Entry(response: ["output": [["id": .string("item-" + text), "text": .string(text)]]], input: [])
  }

  @Test func theOldestMakeRoom() {
    let size = entry("a").response.bytes.count
    let store = ResponseStore(limit: 2 * size)
    for name in ["a", "b", "c"] { store.keep(entry(name), as: name) }
    #expect(store["a"] == nil && store["b"] != nil && store["c"] != nil)
    #expect(store.item("item-a") == nil && store.item("item-c") != nil)
    store.keep(entry(String(repeating: "x", count: 3 * size)), as: "large")
    #expect(store["large"] == nil && store["c"] == nil)
    store.keep(entry("d"), as: "d")
    store.keep(entry("e"), as: "d")
    store.keep(entry("f"), as: "f")
    #expect(store["d"]?.conversation.first?["text"] == "e" && store["f"] != nil)
    #expect(store.remove("d") && !store.remove("d"))
  }

  @Test func aLimitOfZeroKeepsNothing() {
    let store = ResponseStore(limit: 0)
    store.keep(entry("a"), as: "a")
    #expect(store["a"] == nil)
  }

  @Test func whatWasForgottenStaysForgotten() {
    let store = ResponseStore(limit: 1000)
    store.start(entry("begun"), as: "a") { Task {} }
    #expect(store.remove("a"))
    store.finish(entry("done"), as: "a")
    #expect(store["a"] == nil)
    store.start(entry("begun"), as: "b") { Task {} }
    store.finish(entry("done"), as: "b")
    #expect(store["b"]?.conversation.first?["text"] == "done")
    #expect(store.cancel("b") == nil)
  }
}
