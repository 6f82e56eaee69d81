import LazyOps
import LazyScheduler

/// Prints loop programs as C.
///
/// Each program becomes one function that the runtime finds by the program's name:
///
///     void name(void *const *buffers, const union argument *arguments, long begin, long end, int *failure)
///
/// It runs the turns `begin` to `end` - 1 of the program's parallel loop, or everything where there is none. A failed
/// check on an index puts its code into `failure`. The text depends on the program only, and uses no header.
package struct CRenderer: Sendable {
  /// The size of a vector register, to which arrays are aligned.
  package let vectorByteCount: Int

  package init(vectorByteCount: Int) { self.vectorByteCount = vectorByteCount }

  /// Returns the C function of a program, under the program's name. Where it is `checked`, every access stops the
  /// process where its index is out of bounds.
  package func render(_ program: LoopProgram, checked: Bool) -> String {
    function(program, checked: checked).text(named: program.name)
  }

  /// Returns the C function of a program, to be given a name.
  package func function(_ program: LoopProgram, checked: Bool) -> CFunction {
    let parallel = program.loops.filter { $0.kind == .parallel }
    precondition(parallel.count <= 1, "bug: \(program.name) has several parallel loops")
    var writer = CFunctionWriter(FlatProgram(program), checked: checked, alignment: vectorByteCount)
    return writer.function()
  }

  /// Returns a translation unit of functions, with the declarations they use.
  package func unit(_ functions: [String]) -> String {
    // gcc would call a helper that is used more than once, and vectorize no loop that calls.
    let inlining = "#define inline inline __attribute__((always_inline))"
    let argument = "union argument {\n  double real;\n  long integer;\n};"
    return ([inlining, argument] + CHelper.declarations(usedBy: functions) + functions).joined(separator: "\n\n") + "\n"
  }
}
