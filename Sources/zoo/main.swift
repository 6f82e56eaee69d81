import Foundation

exit(Zoo.run(Array(CommandLine.arguments.dropFirst())))
