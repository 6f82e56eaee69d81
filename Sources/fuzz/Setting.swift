/// What the processes that try a block of graphs are started with.
struct Setting {
  /// The environment variables of each of them; where there are several, they compute the same bits.
  let processes: [[String]]

  /// The graphs that are tried in one process and one schedule.
  static let blockSize = 64

  /// Returns the setting of the block that a graph belongs to: a quarter of them run with every access checked, another
  /// quarter with two numbers of threads.
  init(ofGraph number: Int) {
    switch number / Setting.blockSize % 8 {
    case 0: processes = [["CHECK=1", "VERIFY=1", "THREADS=2"]]
    case 4: processes = [["CHECK=1", "THREADS=3"]]
    case 2: processes = [["THREADS=1"], ["THREADS=3"]]
    case 6: processes = [["THREADS=2"], ["THREADS=8"]]
    default: processes = [["THREADS=2"]]
    }
  }
}
