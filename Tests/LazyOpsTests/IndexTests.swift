import LazyOps
import Testing

@Suite struct IndexTests {
  let i = Index(IndexVariable(id: 0, extent: 24))
  let j = Index(IndexVariable(id: 1, extent: 5))
  let k = Index(IndexVariable(id: 2, bounds: -3...4))

  @Test func sumsAreNormal() {
    #expect(i + j == j + i)
    #expect(i + i == i * 2)
    #expect(i - i == .constant(0))
    #expect((i + j) * 3 - j * 3 == i * 3)
    #expect(i + 2 + j - 2 == i + j)
    #expect(i * .constant(2) == .constant(2) * i)
    #expect(-(-i) == i)
    #expect(i * 0 == .constant(0))
    #expect(.constant(3) - i == -i + 3)
    var sum = i
    sum += j
    #expect(sum == i + j)
  }

  @Test func variablesOfOneValueAreConstants() {
    let one = IndexVariable(id: 7, bounds: 2...2)
    #expect(Index(one) == .constant(2))
    #expect(Index.variable(one) * 3 + i == i + 6)
    #expect(Index.variable(one) + 1 == .constant(3))
    #expect(Index(one).constantValue == 2)
    #expect(i.constantValue == nil)
  }

  @Test func divisionsSimplify() {
    #expect(i.floorDivide(by: 24) == .constant(0))
    #expect(i.modulo(24) == i)
    #expect((i - 24).floorDivide(by: 24) == .constant(-1))
    #expect((i - 24).modulo(24) == i)
    #expect((i * 6 + j).floorDivide(by: 6) == i)
    #expect((i * 6 + j).modulo(6) == j)
    #expect((i * 12 + k).floorDivide(by: 6) == i * 2 + k.floorDivide(by: 6))
    #expect((i * 4 + k * 4 + 3).floorDivide(by: 12) == (i + k).floorDivide(by: 3))
    #expect((i * 4 + k * 4 + 3).modulo(12) == (i + k).modulo(3) * 4 + 3)
    #expect((i - 1).floorDivide(by: 4) == (i + 3).floorDivide(by: 4) - 1)
    #expect((i - 1).floorDivide(by: 4).description == "(i0 + 3)/4 - 1")
    #expect((i * 5 - 1).modulo(4) == (i + 3).modulo(4))
    #expect(k.floorDivide(by: 2).floorDivide(by: 2) == k.floorDivide(by: 4))
    #expect(i.modulo(12).modulo(4) == i.modulo(4))
    #expect(i.modulo(12).floorDivide(by: 4) == i.floorDivide(by: 4).modulo(3))
    #expect((i.floorDivide(by: 4) + j).floorDivide(by: 3) == (i + j * 4).floorDivide(by: 12))
    #expect((i.modulo(8) + j * 7).modulo(4) == (i + j * 3).modulo(4))
  }

  @Test func quotientsAndRemaindersRecombine() {
    #expect(i.floorDivide(by: 5) * 5 + i.modulo(5) == i)
    #expect(k.floorDivide(by: 3) * -6 - k.modulo(3) * 2 == k * -2)
    #expect(i.floorDivide(by: 2).modulo(4) * 6 + i.modulo(2) * 3 == i.modulo(8) * 3)
    #expect(i.floorDivide(by: 8) * 4 + i.floorDivide(by: 2).modulo(4) == i.floorDivide(by: 2))
    #expect((i.floorDivide(by: 5) * 5 + j.modulo(3)).variables.count == 2)
    #expect((i.floorDivide(by: 5) * 5 + (i + 1).modulo(5)).coefficient(of: 0) == nil)
    let odd = i * 7 + k * 3 - 11
    #expect(odd.floorDivide(by: 5) * 5 + odd.modulo(5) == odd)
    #expect(odd - odd.floorDivide(by: 5) * 5 == odd.modulo(5))
    #expect(i.floorDivide(by: 2) - i.floorDivide(by: 6) * 3 == i.floorDivide(by: 2).modulo(3))
  }

  @Test func minimumAndMaximum() {
    #expect(Index.min(i, j + 24) == i)
    #expect(Index.max(j + 24, i) == j + 24)
    #expect(Index.min(i, i + 1) == i)
    #expect(Index.max(i, i + 1) == i + 1)
    #expect(Index.min(i, j) == Index.min(j, i))
    #expect(Index.min(Index.min(i, .constant(9)), .constant(7)) == Index.min(.constant(7), i))
    #expect(Index.max(Index.max(i, j), j) == Index.max(i, j))
    #expect(Index.min(.constant(2), .constant(-2)) == .constant(-2))
  }

  @Test func bounds() {
    #expect((i * 2 - k).bounds == -4...49)
    #expect(k.floorDivide(by: 2).bounds == -2...2)
    #expect(k.modulo(3).bounds == 0...2)
    #expect(Index.min(i, k).bounds == -3...4)
    #expect(Index.max(i, k).bounds == 0...23)
    let wide = Index(IndexVariable(id: 9, bounds: Int.min...Int.max))
    #expect((wide * 4).bounds == Int.min...Int.max)
    #expect((wide * -1).bounds.upperBound == .max)
    #expect(wide.modulo(8).bounds == 0...7)
  }

  @Test func strides() {
    let index = i * 12 + j - k.floorDivide(by: 2)
    #expect(index.coefficient(of: 0) == 12)
    #expect(index.coefficient(of: 1) == 1)
    #expect(index.coefficient(of: 2) == nil)
    #expect(index.coefficient(of: 3) == 0)
    #expect(Index.min(i, j).coefficient(of: 0) == nil)
    #expect(Index.constant(4).coefficient(of: 0) == 0)
  }

  @Test func substitutionIsSimultaneous() {
    let bounds = IndexVariable(id: 4, extent: 5)
    let sum = Index(bounds) * 10 + j
    #expect(sum.substituting { $0.id == 4 ? j : Index(bounds) } == j * 10 + Index(bounds))
    #expect((i.floorDivide(by: 6) + j).substituting { $0.id == 0 ? j * 4 : nil } == (j * 2).floorDivide(by: 3) + j)
    #expect(i.substituting { _ in nil } == i)
  }

  @Test func text() {
    #expect((i * 1024 + j).description == "i0*1024 + i1")
    #expect((i.floorDivide(by: 4) * 8 - k * 2 + 1).description == "i0/4*8 - i2*2 + 1")
    #expect((.constant(5) - i).description == "5 - i0")
    #expect((-i - 5).description == "-i0 - 5")
    #expect((-k).floorDivide(by: 2).description == "(-i2)/2")
    #expect((i * 3).floorDivide(by: 4).description == "i0*3/4")
    #expect((i + k).modulo(4).description == "(i0 + i2)%4")
    #expect(Index.max(k, .constant(0)).description == "max(i2, 0)")
    #expect((i * 2 + j).text { "abc".map(String.init)[$0.id] } == "a*2 + b")
    #expect(i.floorDivide(by: 2).modulo(4).description == "i0/2%4")
  }

  /// Runs the constructors in an order of their own, for text must not depend on how an expression came about.
  @Test func textIsStable() {
    let parts = [i.modulo(7), j, k.floorDivide(by: 2), i, Index.min(i, j) * 3, Index.constant(4)]
    let text = parts.reduce(.constant(0)) { $0 + $1 }.description
    var generator = IndexTestGenerator(state: 5)
    for _ in 0..<20 {
      #expect(parts.shuffled(using: &generator).reduce(.constant(0)) { $0 + $1 }.description == text)
    }
  }

  @Test func bugsStop() async {
    await #expect(processExitsWith: .failure) {
      let variable = Index(IndexVariable(id: 0, extent: 3))
      _ = variable * variable
    }
    await #expect(processExitsWith: .failure) { _ = Index(IndexVariable(id: 0, extent: 3)).floorDivide(by: 0) }
    await #expect(processExitsWith: .failure) { _ = Index(IndexVariable(id: 0, extent: 3)).modulo(-2) }
  }
}
