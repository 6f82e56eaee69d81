/// A file that is no safetensors file, or a damaged one.
public struct SafetensorsError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// The file is shorter than its first number says the header is, or has no such number.
    case truncated(byteCount: Int)
    /// The header is said to be longer than any is.
    case headerTooLong(byteCount: UInt64)
    /// The header is not JSON of the form that the format has.
    case malformedHeader(String, offset: Int)
    /// A tensor of a type there is none of here.
    case unknownType(tensor: String, type: String)
    /// A tensor's bytes do not fit its shape and type.
    case wrongSize(tensor: String, expected: Int?, found: Int)
    /// A tensor's bytes lie outside of the file, inside another tensor's, or behind bytes that are nobody's.
    case wrongOffsets(tensor: String, begin: Int, end: Int, expected: Int)
    /// There are more bytes than the tensors have.
    case excessBytes(count: Int)
    /// A truth value that is neither 0 nor 1.
    case badTruthValue(tensor: String)
  }

  /// The file.
  public let path: String
  /// What is wrong with it.
  public let reason: Reason
}

extension SafetensorsError: CustomStringConvertible {
  /// What is wrong, and what to do about it.
  public var description: String { "\(path) cannot be read as safetensors: \(text)\n  hint: \(hint)" }

  private var text: String {
    switch reason {
    case .truncated(let count): "it ends after \(count) bytes, in its header"
    case .headerTooLong(let count): "its header is said to be \(count) bytes long"
    case .malformedHeader(let what, let offset): "its header is malformed at byte \(offset): \(what)"
    case .unknownType(let tensor, let type): "tensor \(tensor) is of type \(type), which is not known"
    case .wrongSize(let tensor, let expected?, let found):
      "tensor \(tensor) has \(found) bytes where its shape and type take \(expected)"
    case .wrongSize(let tensor, nil, _): "tensor \(tensor) has more elements than there are numbers"
    case .wrongOffsets(let tensor, let begin, let end, let expected):
      "tensor \(tensor) lies from \(begin) to \(end), not from \(expected) on and within the file"
    case .excessBytes(let count): "\(count) bytes at its end belong to no tensor"
    case .badTruthValue(let tensor): "tensor \(tensor) holds a truth value that is neither 0 nor 1"
    }
  }

  private var hint: String {
    switch reason {
    case .truncated, .wrongOffsets, .excessBytes, .wrongSize, .badTruthValue:
      "the file may be cut off or damaged: download or write it again"
    case .headerTooLong, .malformedHeader:
      "is it another format, such as a PyTorch .bin file, or a page of text that was downloaded in its place?"
    case .unknownType: "convert it: \(SafetensorsType.known.joined(separator: ", ")) are known"
    }
  }
}
