//===- Toolchain.cpp - what a program is linked with ----------------------===//

#include "backends/program/Toolchain.h"
#include "backends/program/ToolchainPaths.h" // generated: where the files were when Heddle was built
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace heddle;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {
/// A file of the system, and what to install where it is missing.
struct SystemFile {
  const char *name, *builtWith, *package;
};
} // namespace

static constexpr SystemFile startFiles[] = {
    {"Scrt1.o", HEDDLE_SCRT1, "libc6-dev"},
    {"crti.o", HEDDLE_CRTI, "libc6-dev"},
    {"crtbeginS.o", HEDDLE_CRTBEGIN, "libgcc-12-dev"},
};
static constexpr SystemFile libraries[] = {
    {"libstdc++.so", HEDDLE_LIBSTDCXX, "libstdc++-12-dev"},
    {"libm.so", HEDDLE_LIBM, "libc6-dev"},
    {"libgcc_s.so.1", HEDDLE_LIBGCC_S, "libgcc-s1"},
    {"libgcc.a", HEDDLE_LIBGCC, "libgcc-12-dev"},
    {"libc.so", HEDDLE_LIBC, "libc6-dev"},
};
static constexpr SystemFile endFiles[] = {
    {"crtendS.o", HEDDLE_CRTEND, "libgcc-12-dev"},
    {"crtn.o", HEDDLE_CRTN, "libc6-dev"},
};

/// Folders with the C library and with each version of GCC, the newest first.
static std::vector<std::string> systemFolders() {
  std::vector<std::string> folders = {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu",
                                      "/lib64", "/usr/lib"};
  for (const char *gcc : {"/usr/lib/gcc/x86_64-linux-gnu", "/usr/lib/gcc/x86_64-pc-linux-gnu",
                          "/usr/lib/gcc/x86_64-redhat-linux"}) {
    std::vector<std::pair<unsigned, std::string>> versions;
    std::error_code error;
    for (fs::directory_iterator it(gcc, error), end; !error && it != end; it.increment(error)) {
      unsigned version = 0;
      path::filename(it->path()).split('.').first.getAsInteger(10, version);
      versions.push_back({version, it->path()});
    }
    llvm::sort(versions, std::greater<>());
    for (auto &[version, folder] : versions)
      folders.push_back(folder);
  }
  return folders;
}

static Error findAll(ArrayRef<SystemFile> files, std::vector<std::string> &found) {
  for (const SystemFile &file : files) {
    std::string place = fs::exists(file.builtWith) ? file.builtWith : "";
    for (const std::string &folder : place.empty() ? systemFolders() : std::vector<std::string>())
      if (place.empty() && fs::exists(folder + "/" + file.name))
        place = folder + "/" + file.name;
    if (place.empty())
      return createStringError("cannot link a program: '" + Twine(file.name) +
                               "' is not on this machine; install the package " + file.package);
    found.push_back(place);
  }
  return Error::success();
}

/// ../lib/heddle, from the folder of the running program.
static Error findArchives(std::vector<std::string> &found) {
  static int here;
  std::string program = fs::getMainExecutable("heddle", &here);
  SmallString<256> folder(path::parent_path(path::parent_path(program)));
  path::append(folder, "lib", "heddle");
  for (StringRef name : {HEDDLE_ARCHIVES}) {
    SmallString<256> file(folder);
    path::append(file, name);
    if (!fs::exists(file))
      return createStringError("cannot link a program: the runtime '" + file +
                               "' is missing; build or install Heddle again");
    found.push_back(std::string(file));
  }
  return Error::success();
}

Expected<Toolchain> heddle::findToolchain() {
  Toolchain toolchain;
  toolchain.sanitizers = {HEDDLE_SANITIZER_ARGUMENTS};
  if (Error error = findArchives(toolchain.archives))
    return error;
  if (Error error = findAll(startFiles, toolchain.first))
    return error;
  if (Error error = findAll(libraries, toolchain.libraries))
    return error;
  if (Error error = findAll(endFiles, toolchain.last))
    return error;
  return toolchain;
}
