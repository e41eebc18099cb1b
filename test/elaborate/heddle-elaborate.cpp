// heddle-elaborate PAGE CHECKPOINT: prints the module that a page and a checkpoint become. PAGE "-": find it in models/.
//
// A tool for tests: what the driver does before its passes, and nothing else. Without CHECKPOINT, `NAME=NUMBER`
// arguments set the page's sizes by hand and weights are random.
#include "frontend/elaborate/Elaborate.h"
#include "frontend/language/Load.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace heddle;

static cl::opt<std::string> pagePath(cl::Positional, cl::desc("PAGE"), cl::Required);
static cl::list<std::string> rest(cl::Positional, cl::desc("CHECKPOINT | NAME=NUMBER ..."));
static cl::opt<bool> quiet("quiet", cl::desc("print errors and notices only"));
static cl::opt<bool> tapAll("taps-all", cl::desc("tap every named value"));
static cl::opt<bool> debugInfo("locations", cl::desc("print locations"));

static int failWith(Error error) {
  errs() << "error: " << toString(std::move(error)) << "\n";
  return 1;
}

int main(int argc, char **argv) {
  mlir::registerAsmPrinterCLOptions();
  cl::ParseCommandLineOptions(argc, argv, "a page and a checkpoint as a heddle module\n");
  std::unique_ptr<Checkpoint> checkpoint;
  Overrides overrides;
  for (StringRef argument : rest) {
    auto [name, number] = argument.split('=');
    double value;
    if (!number.empty() && !number.getAsDouble(value)) {
      overrides.values[name.str()] = value;
      overrides.randomWeights = true;
      continue;
    }
    Expected<std::unique_ptr<Checkpoint>> opened = openCheckpoint(argument);
    if (!opened)
      return failWith(opened.takeError());
    checkpoint = std::move(*opened);
  }
  std::string path = pagePath;
  if (path == "-" && checkpoint) {
    Expected<std::string> found = findPage(modelsFolder(), *checkpoint);
    if (!found)
      return failWith(found.takeError());
    path = *found;
  }
  Expected<std::unique_ptr<LoadedPage>> loaded = loadPage(path);
  if (!loaded)
    return failWith(loaded.takeError());

  mlir::MLIRContext context;
  Notices notices;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (!(*loaded)->diagnostics.hasErrors())
    module = elaborate(context, *(*loaded)->page, (*loaded)->library.get(), checkpoint.get(), overrides,
                       (*loaded)->diagnostics, notices, tapAll ? Taps::All : Taps::Hidden);
  (*loaded)->diagnostics.print(errs());
  for (const std::string &notice : notices.defaults)
    errs() << "default: " << notice << "\n";
  if (!module)
    return 1;
  if (!quiet)
    module->print(outs(), mlir::OpPrintingFlags().useLocalScope().enableDebugInfo(debugInfo).printNameLocAsPrefix());
  return 0;
}
