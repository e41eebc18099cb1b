//===- CompileOptions.cpp - what a model is compiled to -------------------===//

#include "tools/driver/CompileOptions.h"
#include "backends/cpu/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <charconv>
#include <iterator>

using namespace llvm;
using namespace heddle;

bool CompileOptions::isPage() const { return StringRef(model).ends_with(".heddle"); }

/// The shortest text that is read as this number again.
static std::string numberText(double value) {
  char text[32];
  return {text, std::to_chars(text, std::end(text), value).ptr};
}

std::string CompileOptions::text() const {
  std::string text = formatv("-O{0} --target {1}", optLevel, target);
  if (forCpu())
    text += " --cpu " + cpu;
  if (!quantize.empty())
    text += " --quantize " + quantize;
  if (activationBits == 8)
    text += " --activations int8";
  if (weightsBeside)
    text += " --weights beside";
  if (tapAll)
    text += " --taps all";
  if (randomWeights)
    text += formatv(" --random-weights {0}", *randomWeights);
  for (auto &[name, value] : set)
    text += " --set " + name + "=" + numberText(value);
  return text;
}

Error CompileOptions::check() const {
  if (isPage() && !arch.empty())
    return createStringError("'--arch' names a page for a checkpoint, and '" + model + "' is a page");
  if (isPage() && !randomWeights)
    return createStringError(
        "a page alone has no weights: give '--random-weights SEED', or a checkpoint with '--arch " + model +
        "'");
  if (!isPage() && !set.empty())
    return createStringError("'--set' goes with a .heddle page, not with a checkpoint");
  if (StringRef(model).ends_with(".gguf") && randomWeights)
    return createStringError(
        "'--random-weights' goes with a .heddle page, or a folder with config.json, not with a .gguf file");
  if (optLevel == 0 && !quantize.empty())
    return createStringError("'--quantize' needs -O1 or -O2: at -O0 weights are computed exactly");
  if (optLevel == 0 && activationBits == 8)
    return createStringError("'--activations int8' needs -O1 or -O2: at -O0 activations are float32");
  if (optLevel != 0 && tapAll)
    return createStringError("'--taps all' needs -O0: what is fused cannot be seen");
  return cpu::cpuTargets(cpu).takeError(); // a processor that is not known
}

//===- the table ----------------------------------------------------------===//

static Error expected(const Twine &option, const Twine &values, StringRef found) {
  return createStringError(option + " must be " + values + ", not '" + found + "'");
}

static Error setArch(CompileOptions &options, StringRef value) {
  options.arch = value.str();
  return Error::success();
}

static Error setTarget(CompileOptions &options, StringRef value) {
  if (value != "cpu" && value != "vulkan" && value != "vulkan,cpu" && value != "cpu,vulkan")
    return expected("'--target'", "'cpu', 'vulkan' or 'vulkan,cpu'", value);
  options.target = value == "cpu,vulkan" ? "vulkan,cpu" : value.str();
  return Error::success();
}

static Error setCpu(CompileOptions &options, StringRef value) {
  options.cpu = value.str();
  return Error::success();
}

static Error setLevel(CompileOptions &options, StringRef value) {
  if (value != "0" && value != "1" && value != "2")
    return expected("'-O'", "0, 1 or 2", value);
  options.optLevel = value[0] - '0';
  return Error::success();
}

static Error setQuantize(CompileOptions &options, StringRef value) {
  constexpr StringRef formats[] = {"f32",  "f16",  "bf16", "q8_0", "q5_0",
                                   "q5_1", "q4_0", "q4_1", "q4_k", "mxfp4"};
  std::string format = value.lower();
  if (!is_contained(formats, format))
    return expected("'--quantize'", "one of " + join(ArrayRef(formats), ", "), value);
  options.quantize = format;
  return Error::success();
}

static Error setActivations(CompileOptions &options, StringRef value) {
  if (value != "int8")
    return expected("'--activations'", "'int8'", value);
  options.activationBits = 8;
  return Error::success();
}

static Error setWeights(CompileOptions &options, StringRef value) {
  if (value != "inside" && value != "beside")
    return expected("'--weights'", "'inside' or 'beside'", value);
  options.weightsBeside = value == "beside";
  return Error::success();
}

static Error setTaps(CompileOptions &options, StringRef value) {
  if (value != "hidden" && value != "all")
    return expected("'--taps'", "'hidden' or 'all'", value);
  options.tapAll = value == "all";
  return Error::success();
}

static Error setRandomWeights(CompileOptions &options, StringRef value) {
  uint64_t seed;
  if (value.getAsInteger(10, seed))
    return expected("'--random-weights'", "a number", value);
  options.randomWeights = seed;
  return Error::success();
}

static Error setSize(CompileOptions &options, StringRef value) {
  auto [name, number] = value.split('=');
  double parsed;
  if (name.empty() || number.getAsDouble(parsed))
    return expected("'--set'", "NAME=NUMBER", value);
  options.set[name.str()] = parsed;
  return Error::success();
}

ArrayRef<CompileOption> heddle::compileOptionTable() {
  static constexpr CompileOption table[] = {
      {"arch", "PAGE", "the architecture; default: the page in models/ that serves the checkpoint", setArch},
      {"target", "cpu|vulkan|vulkan,cpu", "what runs the program; default: cpu", setTarget},
      {"cpu", "NAME,...", "processors, the best first: native (default), x86-64-v3, znver4 ...", setCpu},
      {"O", "LEVEL", "-O0: the plain road, nothing fused; -O2 is the default", setLevel},
      {"quantize", "FORMAT", "f32, f16, bf16, q8_0, q5_0, q5_1, q4_0, q4_1, q4_k, mxfp4; default: as stored",
       setQuantize},
      {"activations", "int8", "activations in int8 beside quantised weights: faster, answers change a little", setActivations},
      {"weights", "inside|beside", "in the program (default), or in PROGRAM.weights", setWeights},
      {"taps", "hidden|all",
       "what compare and eval --hidden see: hidden states (default); at -O0 all named values", setTaps},
      {"random-weights", "SEED", "a page, or a folder's config, with numbers drawn from a seed",
       setRandomWeights},
      {"set", "NAME=N", "a size of a page alone", setSize},
  };
  return table;
}

//===- out of a program's arguments ---------------------------------------===//

/// Takes the option that begins at `at`, if one does.
static Expected<bool> takeOne(std::vector<std::string> &arguments, size_t at, CompileOptions &options) {
  StringRef argument = arguments[at];
  for (const CompileOption &option : compileOptionTable()) {
    StringRef rest = argument;
    size_t used = 1;
    if (StringRef(option.name) == "O") {
      if (!rest.consume_front("-O"))
        continue;
    } else if (!rest.consume_front("--") || !rest.consume_front(option.name)) {
      continue;
    } else if (rest.empty()) {
      if (at + 1 == arguments.size())
        return createStringError("'--" + Twine(option.name) + "' needs a value: " + option.value);
      rest = arguments[at + 1];
      used = 2;
    } else if (!rest.consume_front("=")) {
      continue;
    }
    if (Error error = option.apply(options, rest))
      return error;
    arguments.erase(arguments.begin() + at, arguments.begin() + at + used);
    return true;
  }
  return false;
}

Error heddle::takeCompileOptions(std::vector<std::string> &arguments, CompileOptions &options) {
  for (size_t at = 0; at < arguments.size() && arguments[at] != "--";) {
    Expected<bool> taken = takeOne(arguments, at, options);
    if (!taken)
      return taken.takeError();
    if (!*taken)
      ++at;
  }
  return Error::success();
}
