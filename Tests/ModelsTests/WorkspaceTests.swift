import Testing

@testable import Models

@Suite struct WorkspaceTests {
  @Test func piecesAreApartAndAligned() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 64)
    defer { memory.deallocate() }
    let workspace = Workspace(base: memory, byteCount: 1024)
    let first = UnsafeMutableRawPointer(workspace.floats(3))
    let mark = workspace.mark
    let second = UnsafeMutableRawPointer(workspace.take(Int32.self, 17))
    let third = UnsafeMutableRawPointer(workspace.floats(1))
    #expect(first == memory && second == memory + 64 && third == memory + 192)
    #expect(Workspace.bytes((Float.self, 3), (Int32.self, 17), (Float.self, 1)) == 256)
    workspace.release(to: mark)
    #expect(UnsafeMutableRawPointer(workspace.floats(1)) == second)
  }
}
