//===- LinkTest.cpp - programs as files -----------------------------------===//

#include "backends/program/ElfImage.h"
#include "backends/program/ElfObject.h"
#include "backends/program/OutputFile.h"
#include "backends/program/WriteProgram.h"
#include "mlir/Parser/Parser.h"
#include "runtime/program/Program.h"
#include "runtime/support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace heddle;
using llvm::cantFail;
namespace fs = llvm::sys::fs;

namespace {

const char *const model = R"mlir(
heddle.stored @w ["t"] digits [array<i64: 3000, 64>, array<i64: 64, 1>] : !heddle.tensor<r = 3000, k = 64>
heddle.stored @v ["u"] digits [array<i64: 5, 1>] : !heddle.tensor<r = 5>
heddle.kernel @first lanes 16 grid [] dims ["T"] {
^bb0(%x: memref<?xi32>, %w: memref<188x64x1x16xf32>, %v: memref<5xf32>):
}
heddle.kernel @second lanes 16 grid [] dims ["T", "T"] {
^bb0(%x: memref<?xi32>, %y: memref<?xf32>):
}
heddle.entry @forward(%x: memref<?xi32> {heddle.dims = ["T"]}, %y: memref<?xf32> {heddle.dims = ["T"]})
    attributes {input_names = ["tokens"], output_names = ["logits"], extents = array<i64: 9>, defaults = [unit]} {
  %w = heddle.packed "w" as "panels 16 f32 [r] over [k]" : memref<188x64x1x16xf32>
  %v = heddle.packed "v" as "dense [r]" : memref<5xf32>
  heddle.launch @first(%x, %w, %v) writes [] : memref<?xi32>, memref<188x64x1x16xf32>, memref<5xf32>
  heddle.launch @second(%x, %y) writes [1] : memref<?xi32>, memref<?xf32>
  heddle.return
}
)mlir";

struct LinkTest : testing::Test {
  LinkTest() {
    context.loadDialect<HeddleDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(model, &context);
    schedule = cantFail(buildSchedule(*module, plan));
    facts.model = "nothing";
    facts.target = "cpu";
    kernels =
        cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(HEDDLE_FAKE_KERNELS, false, false)));
    EXPECT_FALSE(fs::createUniqueDirectory("heddle-link-test", folder));
  }
  ~LinkTest() override { fs::remove_directories(folder); }

  std::string file(llvm::StringRef name) const { return (folder + "/" + name).str(); }

  llvm::Error write(const std::string &path, bool beside = false) {
    LinkObject object{"kernels", {kernels->getBufferStart(), kernels->getBufferSize()}};
    ProgramOutput output;
    output.path = path;
    output.weightsBeside = beside;
    return writeProgram(schedule, nullptr, plan, facts, object, output);
  }

  std::string complaint(llvm::Error error) { return error ? llvm::toString(std::move(error)) : "none"; }

  /// What a shell command prints, with its status.
  static std::pair<std::string, int> shell(const std::string &command) {
    std::string text;
    FILE *pipe = popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      text.append(buffer, got);
    return {text, pclose(pipe)};
  }

  std::vector<std::string> left() const {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
      names.push_back(llvm::sys::path::filename(it->path()).str());
    llvm::sort(names);
    return names;
  }

  using Names = std::vector<std::string>;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  StoredSource source{3};
  PackPlan plan{source};
  Schedule schedule;
  ProgramFacts facts;
  std::unique_ptr<llvm::MemoryBuffer> kernels;
  llvm::SmallString<128> folder;
};

} // namespace

TEST_F(LinkTest, theProgramRuns) {
  ASSERT_EQ(complaint(write(file("program"))), "none");
  EXPECT_EQ(left(), Names{"program"});
  auto [text, status] = shell(file("program") + " info");
  EXPECT_EQ(status, 0) << text;
  EXPECT_NE(text.find("nothing"), std::string::npos) << text;
}

TEST_F(LinkTest, ordinaryToolsOpenIt) {
  ASSERT_EQ(complaint(write(file("program"))), "none");
  auto [sections, status] = shell("readelf -SW " + file("program"));
  EXPECT_EQ(status, 0);
  EXPECT_NE(sections.find(".heddle.weights"), std::string::npos);
  EXPECT_EQ(sections.find("rror"), std::string::npos) << sections;
  auto [symbols, nmStatus] = shell("nm " + file("program"));
  EXPECT_EQ(nmStatus, 0);
  EXPECT_NE(symbols.find(" heddle_description\n"), std::string::npos);
  auto [dynamic, dynamicStatus] = shell("readelf -dW " + file("program"));
  EXPECT_EQ(dynamic.find("PIE"), std::string::npos) << dynamic;
  EXPECT_EQ(dynamic.find("LLVM"), std::string::npos) << dynamic;
}

TEST_F(LinkTest, dlopenTakesIt) {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the program has a sanitizer's runtime of its own, and a process takes one";
#endif
  ASSERT_EQ(complaint(write(file("program"))), "none");
  void *handle = dlopen(file("program").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  EXPECT_NE(dlsym(handle, "heddle_api_get"), nullptr);
  dlclose(handle);
}

TEST_F(LinkTest, weightsAreThoseOfThePlan) {
  ASSERT_EQ(complaint(write(file("inside"))), "none");
  ASSERT_EQ(complaint(write(file("beside"), true)), "none");
  EXPECT_EQ(left(), (Names{"beside", "beside.weights", "inside"}));
  std::string expected;
  cantFail(plan.write([&](llvm::ArrayRef<uint8_t> piece) {
    expected.append(piece.begin(), piece.end());
    return llvm::Error::success();
  }));
  auto besideBytes =
      cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(file("beside.weights"), false, false)));
  EXPECT_TRUE(besideBytes->getBuffer() == expected);
  for (const char *name : {"inside", "beside"}) {
    MappedWeights mapped = mapWeights(file(name), plan.bytes());
    EXPECT_TRUE(llvm::StringRef(reinterpret_cast<const char *>(mapped.mapping.data()), plan.bytes()) ==
                expected);
    EXPECT_EQ(shell(file(name) + " info").second, 0);
  }
}

TEST_F(LinkTest, anOlderProgramIsReplacedWhole) {
  ASSERT_EQ(complaint(write(file("program"))), "none");
  ASSERT_EQ(complaint(write(file("program"))), "none");
  EXPECT_EQ(left(), Names{"program"});
}

TEST_F(LinkTest, damagedProgramsSayso) {
  ASSERT_EQ(complaint(write(file("program"))), "none");
  uint64_t size;
  ASSERT_FALSE(fs::file_size(file("program"), size));
  ASSERT_EQ(truncate(file("program").c_str(), static_cast<off_t>(size - 10)), 0);
  auto [text, status] = shell(file("program") + " info");
  EXPECT_EQ(WEXITSTATUS(status), 1) << text;
  EXPECT_NE(text.find("cut off or damaged"), std::string::npos) << text;
}

TEST_F(LinkTest, placesThatCannotBeWritten) {
  EXPECT_EQ(complaint(write(file("no/such/program"))),
            "cannot write '" + file("no/such/program") + "': No such file or directory");
  EXPECT_EQ(complaint(write(folder.str().str())),
            "cannot write '" + folder.str().str() + "': it is a folder; name a file with -o");
  EXPECT_EQ(complaint(write("/dev/null")), "cannot write '/dev/null': it is not a regular file");
  EXPECT_EQ(left(), Names{});
}

TEST_F(LinkTest, aFullDiskLeavesNothingBehind) {
  rlimit before, small;
  getrlimit(RLIMIT_FSIZE, &before);
  auto handler = signal(SIGXFSZ, SIG_IGN);
  for (bool beside : {false, true}) {
    small = before;
    small.rlim_cur = 9 << 20; // enough for the linker, not for the weights
    setrlimit(RLIMIT_FSIZE, &small);
    auto op = cantFail(llvm::Expected<StoredOp>(*module->getOps<StoredOp>().begin()));
    PackPlan large(source);
    for (int lanes = 1; lanes < 16; ++lanes)
      cantFail(large.add(op, choosePanels(op, {"r"}, {"k"}, lanes)));
    LinkObject object{"kernels", {kernels->getBufferStart(), kernels->getBufferSize()}};
    ProgramOutput output;
    output.path = file("program");
    output.weightsBeside = beside;
    std::string message = complaint(writeProgram(schedule, nullptr, large, facts, object, output));
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(message.find("cannot write '" + file("program")), std::string::npos) << message;
    EXPECT_EQ(left(), Names{});
  }
  signal(SIGXFSZ, handler);
}

TEST_F(LinkTest, theLinkersWordsReachTheUser) {
  kernels = llvm::MemoryBuffer::getMemBuffer("not an object file", "", false);
  std::string message = complaint(write(file("program")));
  EXPECT_EQ(message.find("the linker failed: "), 0u) << message;
  EXPECT_EQ(left(), Names{});
}

TEST(ElfImage, damagedFilesAreErrors) {
  auto object = makeElfObject({ElfConstant{".a", "a", {1, 2, 3}, 8, true}});
  for (size_t size = 0; size < object.size(); ++size) {
    auto image = ElfImage::create(llvm::SmallVector<char, 0>(object.begin(), object.begin() + size));
    if (!image) {
      llvm::consumeError(image.takeError());
      continue;
    }
    llvm::consumeError(image->symbol("a", 3).takeError());
    llvm::consumeError(image->moveSection(".a", 1, 2));
    llvm::consumeError(image->allowDlopen());
  }
}
