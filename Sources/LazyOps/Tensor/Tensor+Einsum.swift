extension Tensor {
  /// Returns the sum of products that an equation in Einstein's notation states: `einsum("bik,bkj->bij", a, b)`.
  ///
  /// Each letter names an axis; axes of one letter have one extent, or 1; a letter that is not in the result is summed
  /// over; one that is twice in an operand takes its diagonal. `...` stands for any axes, aligned at the last. Without
  /// `->` the result has `...` and the letters that occur once, in alphabetical order. More than two operands are
  /// contracted from left to right.
  public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor {
    if operands.contains(where: \.dtype.isHalf), case let dtype = promotedDType(of: operands), dtype.isHalf {
      let wide = operands.map { $0.cast(to: dtype).cast(to: dtype.arithmetic) }
      return einsum(equation, of: wide).cast(to: dtype)
    }
    return einsum(equation, of: operands)
  }

  private static func einsum(_ equation: String, of operands: [Tensor]) -> Tensor {
    let parsed = Einsum(equation, operands)
    var terms = zip(operands, parsed.inputs).map { Term(tensor: $0, labels: $1).diagonalized }
    while terms.count > 1 {
      let needed = Set(parsed.output + terms.dropFirst(2).flatMap(\.labels))
      terms.replaceSubrange(0..<2, with: [terms[0].contracted(with: terms[1], keeping: needed)])
    }
    let result = terms[0].summed(keeping: Set(parsed.output))
    return result.tensor.permute(parsed.output.map { result.labels.firstIndex(of: $0)! })
  }
}

/// An equation taken apart: a label is a letter's code, or the negative number of an axis under `...`, counted from the
/// last.
private struct Einsum {
  var inputs: [[Int]] = []
  var output: [Int] = []

  init(_ equation: String, _ operands: [Tensor]) {
    func fail(_ message: String) -> Never { Tensor.misuse("einsum", "\(equation): \(message)") }

    func labels(_ text: Substring, rank: Int?) -> [Int] {
      let dots = text.ranges(of: "...")
      let letters = text.filter { $0 != "." }
      guard dots.count <= 1, letters.count + 3 * dots.count == text.count,
        letters.allSatisfy({ $0.isLetter && $0.isASCII })
      else { fail("\"\(text)\" is not letters with at most one ...") }
      func codes(_ letters: Substring) -> [Int] { letters.unicodeScalars.map { Int($0.value) } }
      guard let place = dots.first else { return codes(text) }
      let hidden = rank.map { $0 - letters.count } ?? ellipsis
      if hidden < 0 { fail("\"\(text)\" names more axes than there are") }
      ellipsis = Swift.max(ellipsis, hidden)
      return codes(text[..<place.lowerBound]) + (0..<hidden).map { $0 - hidden } + codes(text[place.upperBound...])
    }

    var ellipsis = 0
    let sides = equation.filter { $0 != " " }.split(separator: "->", omittingEmptySubsequences: false)
    guard 1...2 ~= sides.count else { fail("has more than one ->") }
    let texts = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard texts.count == operands.count else { fail("is for \(texts.count) operands, not \(operands.count)") }
    for (text, operand) in zip(texts, operands) {
      inputs.append(labels(text, rank: operand.rank))
      if inputs.last!.count != operand.rank { fail("\"\(text)\" does not name the axes of shape \(operand.shape)") }
    }
    if sides.count == 2 {
      output = labels(sides[1], rank: nil)
      if Set(output).count != output.count { fail("the result names an axis twice") }
      if !Set(output).isSubset(of: inputs.joined()) { fail("the result names an axis that no operand has") }
    } else {
      let all = inputs.joined()
      let letters = Set(all).filter { label in label > 0 && all.count { $0 == label } == 1 }
      output = (0..<ellipsis).map { $0 - ellipsis } + letters.sorted()
    }
    var extents: [Int: Extent] = [:]
    let one = Extent.constant(1)
    for (input, operand) in zip(inputs, operands) {
      for (label, extent) in zip(input, operand.shape.extents) {
        let known = extents[label] ?? one
        if known != extent && known != one && extent != one {
          let name = label > 0 ? "axis \(Character(UnicodeScalar(UInt8(label))))" : "an axis of ..."
          fail("\(name) has extents \(known) and \(extent)")
        }
        extents[label] = known == one ? extent : known
      }
    }
  }
}

/// A tensor whose axes have labels.
private struct Term {
  var tensor: Tensor
  var labels: [Int]

  /// The term with each label once: axes of one label are replaced by their diagonal.
  var diagonalized: Term {
    var term = self
    while let label = term.labels.first(where: { l in term.labels.count { $0 == l } > 1 }) {
      let pair = term.labels.indices.filter { term.labels[$0] == label }.prefix(2)
      let rest = term.labels.indices.filter { !pair.contains($0) }
      Tensor.require(
        term.tensor.shape.extents[pair[0]] == term.tensor.shape.extents[pair[1]], "einsum",
        "the diagonal of shape \(term.tensor.shape) is over axes of different extents")
      term = Term(tensor: term.tensor.permute(rest + pair).diagonal(), labels: rest.map { term.labels[$0] } + [label])
    }
    return term
  }

  /// The term summed over the labels that are not kept.
  func summed(keeping kept: Set<Int>) -> Term {
    let axes = labels.indices.filter { !kept.contains(labels[$0]) }
    return Term(tensor: tensor.reduce(.sum, "einsum", axes, false), labels: labels.filter { kept.contains($0) })
  }

  /// The product of two terms, summed over the labels that are not kept; those stand last, as in a matrix product.
  func contracted(with other: Term, keeping kept: Set<Int>) -> Term {
    // What only one of them has is summed before they are multiplied.
    let a = summed(keeping: kept.union(other.labels))
    let b = other.summed(keeping: kept.union(labels))
    let all = a.labels + b.labels.filter { !a.labels.contains($0) }
    let outer = all.filter { kept.contains($0) }
    let inner = all.filter { !kept.contains($0) }
    let product = (a.spread(over: outer + inner), b.spread(over: outer + inner))
    return Term(
      tensor: Tensor.product("einsum", product.0, product.1, sumLast: inner.count), labels: outer)
  }

  /// The tensor with its axes in the order of `all`, and axes of extent 1 for the labels it has not.
  private func spread(over all: [Int]) -> Tensor {
    let present = all.filter { labels.contains($0) }
    let ordered = tensor.permute(present.map { labels.firstIndex(of: $0)! })
    let extents = all.map { label in labels.firstIndex(of: label).map { tensor.shape.extents[$0] } ?? .constant(1) }
    return Primitive.reshape(ordered, to: Shape(extents: extents))
  }
}
