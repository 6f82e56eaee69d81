extension CHelper {
  /// Checks on indices that come from data, and on all of them where that is asked for; and what keeps a loop as it is.
  static let access: [CHelper] = [
    CHelper(
      "bounded",
      """
      // The index, or the lowest one and a report where it is out of bounds.
      static inline long bounded(long index, long lowest, long highest, int *failed, int code) {
        const int isOutside = (unsigned long)index - lowest > (unsigned long)highest - lowest;
        *failed |= isOutside ? code : 0;
        return isOutside ? lowest : index;
      }
      """),
    CHelper(
      "checked",
      """
      // The index of `span` elements, all of which must lie below `count`.
      static inline long checked(long index, long span, long count, const char *kernel, const char *array) {
        if (index >= 0 && index + span <= count) return index;
        dprintf(2, "bug: kernel %s: index %ld of %s is outside 0..<%ld\\n", kernel, index, array, count - span + 1);
        abort();
      }
      """),
    CHelper(
      "in_order",
      """
      // Keeps the compiler from vectorizing a loop that sums up one number after the other.
      static inline void in_order(void) { __asm__ volatile(""); }
      """),
  ]
}
