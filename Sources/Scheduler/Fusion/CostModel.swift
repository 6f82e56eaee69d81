import LazyOps

/// The numbers fusion decides by. Costs are in units of one addition on an element in a register.
enum CostModel {
  /// The scratch one section may use at one point of its grid: what stays in the first-level cache beside the inputs.
  static let scratchBytes = 48 * 1024

  /// A section with no more work than this runs on one thread without loss: waking another costs as much.
  static let smallWork = 1 << 16

  /// A grid of at least this many points keeps all threads busy.
  static let parallelPoints = 4

  /// How much more work than a producer's its readers may do and still give up their threads to be fused with it: they
  /// save a pass over memory.
  static let readersPerProducer = 8

  /// A value that costs at least this is computed once and kept rather than computed by each reader.
  static let expensive = 8

  /// The scratch at one point of a grid in a section whose contractions take blocks of points as their rows: those of
  /// the smallest block stay in the second-level cache.
  static let blockedScratchBytes = 128 * 1024

  /// The fewest points of such a grid: eight blocks for threads to share.
  static let blockedPoints = 96

  /// The most products that are summed for one element of a contraction, or that one element has a part in, for which
  /// it saves time to keep the elements out of memory.
  static let shortContraction = 256

  /// How many times larger than its operands a contraction's result is that is computed again wherever it is read, the
  /// elements it has at least, which do not stay in the caches, and the most ops of what is computed from it and is computed again with it.
  static let expansion = 4
  static let recomputedElements = 1 << 20
  static let recomputedOperations = 64

  /// A contraction with more work than this wants a grid over all its result's axes, to be tiled.
  static let largeContraction = 1 << 15

  /// The fewest elements for which a reduction is split in chunks that threads share.
  static let splitReduction = 1 << 17

  /// From this many columns on, a sum over rows has tiles enough for threads to share.
  static let splitColumns = 1 << 14

  /// The most chunks of one reduction; of rows that are summed up, and of columns, whose partial results are as long as
  /// a row.
  static let reductionChunks = (rows: 2048, columns: 64)

  /// The most results of a contraction that is split in chunks of its reduced ranges, the most chunks, and the fewest
  /// products of one result in a chunk.
  static let splitContraction = (results: 1 << 16, chunks: 8, products: 1 << 12)

  /// The most elements of sums that one thread adds up while it goes along rows: they stay in the second-level cache.
  static let summedElements = 1 << 17

  /// The most vectors for which a product with a matrix is as slow as reading the matrix, the shortest rows that are a long
  /// run of memory, the most chunks of rows, and the fewest rows of one.
  static let streamedMatrix = (uses: 4, columns: 256, chunks: 8, rows: 16)

  /// The elements that a chunk has at least, and its rows where columns are summed up: the partial results are little
  /// beside it.
  static let chunkElements = 1 << 13
  static let chunkRows = 8

  /// The part of a value of which one in so many elements is read, which is computed anew.
  static let fewElements = 16

  /// The most places at which a value is computed anew where it does not fit in scratch.
  static let recomputedUses = 4

  /// The most neighbours on an axis that are told apart by a remainder, for which they get a range of their own: the
  /// elements of a pooling window.
  static let digitExtent = 8

  /// The most phases into which a section falls whose sums depend on remainders: strides of 4 down and across.
  static let phasesPerSection = 16

  /// The copies of a value in one stage from which it is kept instead: a stencil of stencils would otherwise double in
  /// size with every step.
  static let inlineCopies = 8

  /// The updates of one value, one after the other, that are computed as choices between two values for each element.
  /// More of them are stored in place, each in its own region.
  static let inlineUpdates = 4

  /// The longest chain of ops computed in registers; longer ones pass through memory, which bounds the size of a
  /// section and the depth of the recursions over it.
  static let inlineDepth = 100

  /// The most ops computed in registers for one value, and the most in one section: the C compiler's time for straight
  /// code grows with the square of its length.
  static let inlineOperations = 512
  static let operationsPerSection = 2048

  /// The uses of each element from which a section's time is taken to go into arithmetic rather than memory.
  static let uses = 4

  /// The most phases of one kernel.
  static let phasesPerKernel = 8

  /// How many times less than a kernel's the work of a phase is that finishes what it left in parts.
  static let finishing = 4

  /// How many times fewer than the elements of the data the numbers are that a further pass over it waits for.
  static let fewNumbers = 16

  /// How many kernels that read the same data are looked at for a section to join; the latest first.
  static let siblingsTried = 4

  /// The most values that have a home of their own in one section.
  static let membersPerSection = 64

  /// Returns the cost of one element of `op` itself.
  static func cost(_ op: Op) -> Int {
    switch op {
    case .buffer, .constant, .argument, .length, .iota, .detach, .barrier, .reshape, .permute, .expand, .slice, .window,
      .bitcast:
      0
    case .cast, .select, .reduce, .scan, .overlapAdd: 1
    case .pad, .concatenate, .gather, .scatterAdd, .put, .update, .radixPass: 2
    case .unary(let op):
      switch op {
      case .negate, .absolute, .not, .floor, .ceiling, .round, .truncate: 1
      case .sign: 2
      case .sqrt, .reciprocal: 6
      case .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf: 12
      }
    case .binary(let op):
      switch op {
      case .add, .subtract, .multiply, .maximum, .minimum, .equal, .notEqual, .less, .lessEqual, .and, .or, .xor,
        .shiftLeft, .shiftRight:
        1
      case .divide: 4
      case .floorDivide, .remainder: 8
      case .power: 24
      }
    }
  }
}
