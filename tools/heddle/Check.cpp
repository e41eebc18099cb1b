//===- Check.cpp - heddle check PAGE.heddle -------------------------------===//

#include "frontend/language/Check.h"
#include "Verb.h"
#include "frontend/language/Load.h"
#include "frontend/language/Print.h"
#include "llvm/Support/raw_ostream.h"

using namespace heddle;
using namespace llvm;

static int runCheck();
static Verb verb("check", "read a page and report every error in it", runCheck);

static cl::opt<std::string> page(cl::Positional, cl::Required, cl::desc("PAGE.heddle"),
                                 cl::sub(verb.command));
static cl::opt<bool> axes("axes", cl::desc("print the axes of every local value"), cl::sub(verb.command));

namespace {
enum class Stage { None, Tokens, Ast };
} // namespace
static cl::opt<Stage> emit("emit", cl::desc("print a stage of reading instead of checking"),
                           cl::values(clEnumValN(Stage::Tokens, "tokens", "the words of the page"),
                                      clEnumValN(Stage::Ast, "ast", "the syntax tree")),
                           cl::init(Stage::None), cl::sub(verb.command));

static int runCheck() {
  auto loaded = loadPage(page);
  if (!loaded) {
    errs() << "heddle: " << toString(loaded.takeError()) << '\n';
    return exitFailed;
  }
  LoadedPage &result = **loaded;
  if (emit == Stage::Tokens)
    printTokens(outs(), result.sources, result.page->buffer);
  else if (emit == Stage::Ast)
    printAst(outs(), result.sources, *result.page);
  else
    checkPage(result, axes ? &outs() : nullptr);
  result.diagnostics.print(errs());
  return result.diagnostics.hasErrors() ? exitFailed : exitDone;
}
