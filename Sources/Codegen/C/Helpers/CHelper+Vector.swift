import LazyOps

extension CHelper {
  /// Vector types of GNU C, `float16v` being sixteen floats that may lie anywhere a float may, with a scalar in every
  /// lane and a fused multiply-add for each.
  static let vectors: [CHelper] =
    [DType.float32, .float64].flatMap { dtype in
      [2, 4, 8, 16, 32].flatMap { lanes in vectors(dtype, lanes: lanes) }
    } + [2, 4, 8, 16].map { transposition($0) }

  /// Transposes a square of floats: in each step, pairs of rows exchange blocks of half the size of the step before.
  private static func transposition(_ lanes: Int) -> CHelper {
    let type = DType.float32.vectorType(lanes: lanes)
    var lines = (0..<lanes).map { "  \(type) r\($0) = *(const \(type) *)&from[\($0) * from_stride], s\($0);" }
    var (rows, others) = ("r", "s")
    for step in sequence(first: lanes / 2, next: { $0 > 1 ? $0 / 2 : nil }) {
      for upper in 0..<lanes where upper & step == 0 {
        let lower = upper | step
        let first = (0..<lanes).map { $0 & step == 0 ? $0 : lanes + ($0 ^ step) }
        let second = (0..<lanes).map { $0 & step == 0 ? $0 | step : lanes + $0 }
        for (target, choice) in [(upper, first), (lower, second)] {
          let list = choice.map(String.init).joined(separator: ", ")
          lines.append(
            "  \(others)\(target) = __builtin_shufflevector(\(rows)\(upper), \(rows)\(lower), \(list));")
        }
      }
      (rows, others) = (others, rows)
    }
    lines += (0..<lanes).map { "  *(\(type) *)&to[\($0) * to_stride] = \(rows)\($0);" }
    return CHelper(
      "transpose_\(type)",
      "static inline void transpose_\(type)(float *to, long to_stride, const float *from, long from_stride) {\n"
        + lines.joined(separator: "\n") + "\n}")
  }

  private static func vectors(_ dtype: DType, lanes: Int) -> [CHelper] {
    let (element, type, byteCount) = (dtype.cType, dtype.vectorType(lanes: lanes), dtype.byteCount * lanes)
    let everyLane = [String](repeating: "x", count: lanes).joined(separator: ", ")
    let builtins = builtins(dtype, byteCount)
      .map { "#elif defined(\($0.macro))\n  return (\(type))\($0.call);\n" }.joined()
    return [
      CHelper(
        type,
        "typedef \(element) \(type) "
          + "__attribute__((vector_size(\(byteCount)), aligned(\(dtype.byteCount)), may_alias));"),
      CHelper(
        "broadcast_\(type)",
        "static inline \(type) broadcast_\(type)(\(element) x) "
          + "{ return (\(type)){\(everyLane)}; }"),
      // GNU C has no operator for it, and flags that contract would contract other sums too.
      CHelper(
        "fma_\(type)",
        """
        static inline \(type) fma_\(type)(\(type) a, \(type) b, \(type) c) {
        #if __has_builtin(__builtin_elementwise_fma)
          return __builtin_elementwise_fma(a, b, c);
        \(builtins)#else
          for (int lane = 0; lane < \(lanes); lane++)
            c[lane] = __builtin_fma\(dtype == .float32 ? "f" : "")(a[lane], b[lane], c[lane]);
          return c;
        #endif
        }
        """),
    ]
  }

  /// The compilers' own functions for a vector's fused multiply-add, by what the machine has.
  private static func builtins(_ dtype: DType, _ byteCount: Int) -> [(macro: String, call: String)] {
    let suffix = dtype == .float32 ? "ps" : "pd"
    switch byteCount {
    // Every lane, rounded as usual.
    case 64: return [("__AVX512F__", "__builtin_ia32_vfmadd\(suffix)512_mask(a, b, c, -1, 4)")]
    case 32: return [("__FMA__", "__builtin_ia32_vfmadd\(suffix)256(a, b, c)")]
    case 16:
      let arm = dtype == .float32 ? "v4sf" : "v2df"
      return [
        ("__FMA__", "__builtin_ia32_vfmadd\(suffix)(a, b, c)"), ("__aarch64__", "__builtin_aarch64_fma\(arm)(a, b, c)"),
      ]
    default: return []
    }
  }
}
