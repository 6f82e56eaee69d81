import LazyOps
import Testing

@Suite struct IndexMaskTests {
  let i = Index(IndexVariable(id: 0, extent: 24))
  let j = Index(IndexVariable(id: 1, extent: 5))
  let k = Index(IndexVariable(id: 2, bounds: -3...4))

  @Test func conditionsAreNormal() {
    #expect(Condition(i + 3, in: 5..<9) == Condition(i, in: 2..<6))
    #expect(Condition(i * 4, in: 5..<9) == Condition(i, in: 2..<3))
    #expect(Condition(-i, in: -5..<1) == Condition(i, in: 0..<6))
    #expect(Condition(i * 8 + j, in: 8..<24) == Condition(i, in: 1..<3))
    #expect(Condition(i.floorDivide(by: 4), in: 1..<3) == Condition(i, in: 4..<12))
    #expect(Condition(i, in: -7..<9) == Condition(i, in: Int.min..<9))
    #expect(Condition(i, in: 3..<99) == Condition(i, in: 3..<Int.max))
    #expect(Condition(i + j + 3, in: 3..<8).index == i + j)
  }

  @Test func boundsDecide() {
    #expect(Condition(i, in: 0..<24).decided == true)
    #expect(Condition(i, in: 24..<30).decided == false)
    #expect(Condition(i, in: 0..<0).decided == false)
    #expect(Condition(i, in: 0..<23).decided == nil)
    #expect(Condition(i, in: 0..<24) == .certain)
    #expect(Condition(k, in: 5..<9) == .impossible)
    #expect(Condition(i.modulo(3), in: 0..<3) == .certain)
    let wide = Index(IndexVariable(id: 9, bounds: Int.min...Int.max))
    #expect(Condition(wide, in: Int.min..<Int.max) == .certain)
    #expect(Condition(-wide, in: -5..<Int.max).range.upperBound == 6)
  }

  @Test func endsThatExcludeNothingAreKnown() {
    let above = Condition(k, in: -9..<2)
    #expect(!above.boundsBelow && above.boundsAbove)
    let below = Condition(k, in: 0..<9)
    #expect(below.boundsBelow && !below.boundsAbove)
  }

  @Test func masksMerge() {
    #expect(Mask(i, in: 3..<9).and(Mask(i, in: 0..<5)) == Mask(i, in: 3..<5))
    #expect(Mask(i, in: 3..<9).and(Mask(i, in: 10..<15)) == .never)
    #expect(Mask(i, in: 3..<9).and(Mask(j, in: 1..<2)) == Mask(j, in: 1..<2).and(Mask(i, in: 3..<9)))
    #expect(Mask(i, in: 3..<9).and(.always) == Mask(i, in: 3..<9))
    #expect(Mask.always.and(Mask(i, in: 3..<9)) == Mask(i, in: 3..<9))
    #expect(Mask(i, in: 3..<9).and(.never).isNever)
    #expect(Mask.always.isAlways && !Mask.always.isNever && Mask.never.isNever && !Mask.never.isAlways)
    #expect(Mask(i, in: 0..<24).isAlways)
    #expect(Mask([Condition(i - 2, in: 0..<9), Condition(-i, in: -4..<0)]).conditions == [Condition(i, in: 2..<5)])
  }

  /// A convolution's padding: the image is read where the window is inside of it.
  @Test func paddedWindow() {
    let (place, offset) = (IndexVariable(id: 0, extent: 8), IndexVariable(id: 1, extent: 3))
    let mask = Mask(Index(place) + Index(offset) - 1, in: 0..<8)
    #expect(mask.description == "1 <= i0 + i1 < 9")
    #expect(mask.variables == [place, offset])
    #expect(mask.substituting { $0.id == 1 ? .constant(1) : nil } == .always)
    #expect(mask.substituting { $0.id == 1 ? .constant(0) : nil } == Mask(Index(place), in: 1..<8))
  }

  @Test func text() {
    #expect(Condition(i + j, in: 0..<5).description == "0 <= i0 + i1 < 5")
    #expect(Mask(j, in: 1..<2).and(Mask(i, in: 3..<9)).description == "3 <= i0 < 9 && 1 <= i1 < 2")
    #expect(Mask.always.description == "true")
    #expect(Mask.never.description == "false")
    #expect(Condition(i, in: 3..<9).text { _ in "row" } == "3 <= row < 9")
  }
}
