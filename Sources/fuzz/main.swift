import Foundation

let arguments = CommandLine.arguments.dropFirst()
if arguments.contains("--help") {
  print(Options.usage)
  exit(0)
}
guard let options = Options(arguments) else {
  FileHandle.standardError.write(Data((Options.usage + "\n").utf8))
  exit(2)
}
if options.isWorker {
  Worker(options).run()
} else {
  exit(Campaign(options).run() ? 0 : 1)
}
