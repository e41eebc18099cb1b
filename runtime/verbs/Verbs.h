//===- Verbs.h - what a compiled program does for its user ------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_VERBS_H
#define HEDDLE_RUNTIME_VERBS_VERBS_H

#include "runtime/program/Program.h"

#include <string>
#include <vector>

namespace heddle {

/// How a verb was called.
struct Invocation {
  const ProgramImage &image;
  std::string name;                   ///< as the user typed it: "./program tokenize"
  std::vector<std::string> arguments; ///< without the verb
};

/// Each does its work, printing to standard output, and throws Error or UsageError where it cannot.
void generateVerb(const Invocation &call);
void tokenizeVerb(const Invocation &call);
void embedVerb(const Invocation &call);
void evalVerb(const Invocation &call);
void compareVerb(const Invocation &call);
void perplexityVerb(const Invocation &call);
void benchVerb(const Invocation &call);
void infoVerb(const Invocation &call);

/// A program's main function: chooses the verb, turns exceptions into one message on standard error, and
/// returns the exit status: 0 done, 1 the input or the machine would not do, 2 the command line is wrong.
int runProgram(const ProgramImage &image, int argc, char **argv);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_VERBS_H
