//===- Link.cpp - links a program -----------------------------------------===//

#include "backends/program/Link.h"
#include "backends/program/Toolchain.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;
using namespace heddle;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static Error cannotWrite(StringRef file, std::error_code code) {
  return createStringError("cannot write '" + file + "': " + code.message());
}

static Error writeFile(StringRef file, ArrayRef<char> bytes) {
  std::error_code code;
  raw_fd_ostream os(file, code);
  if (code)
    return cannotWrite(file, code);
  os.write(bytes.data(), bytes.size());
  os.close();
  if ((code = os.error())) {
    os.clear_error();
    return cannotWrite(file, code);
  }
  return Error::success();
}

/// How programs are linked. One that is opened with dlopen must not have copies of other libraries' data, nor
/// offer its own functions to them; only the way in is exported.
static std::vector<std::string> flags() {
  return {"ld.lld",
          "-pie",
          "-m",
          "elf_x86_64",
          "--dynamic-linker=/lib64/ld-linux-x86-64.so.2",
          "--eh-frame-hdr",
          "--gc-sections",
          "-O1",
          "--strip-debug",
          "--build-id=none",
          "--hash-style=gnu",
          "--as-needed",
          "--no-gnu-unique",
          "-z",
          "nocopyreloc",
          "-z",
          "relro",
          "-z",
          "now",
          "--color-diagnostics=never",
          "--export-dynamic-symbol=heddle_api_get"};
}

static std::vector<std::string> commandLine(const Toolchain &toolchain, ArrayRef<std::string> objects,
                                            StringRef output) {
  std::vector<std::string> arguments = flags();
  auto add = [&](ArrayRef<std::string> files) { llvm::append_range(arguments, files); };
  add({"-o", output.str()});
  add(toolchain.first);
  add(toolchain.sanitizers);
  add(objects);
  add({"--start-group"});
  add(toolchain.archives);
  add({"--end-group"});
  add(toolchain.libraries);
  add(toolchain.last);
  return arguments;
}

static Error runLinker(ArrayRef<std::string> arguments) {
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string said;
  raw_string_ostream os(said);
  lld::Result result = lld::lldMain(pointers, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return Error::success();
  return createStringError("the linker failed: " + StringRef(said).trim());
}

Expected<SmallVector<char, 0>> heddle::linkProgram(ArrayRef<LinkObject> objects) {
  Expected<Toolchain> toolchain = findToolchain();
  if (!toolchain)
    return toolchain.takeError();
  SmallString<128> folder;
  if (std::error_code code = fs::createUniqueDirectory("heddle-link", folder))
    return createStringError("cannot make a temporary folder: " + code.message() +
                             "; TMPDIR names another place");
  scope_exit cleanUp([&] { fs::remove_directories(folder); });

  std::vector<std::string> files;
  for (auto [number, object] : enumerate(objects)) {
    SmallString<128> file(folder);
    path::append(file, Twine(number) + "-" + path::filename(object.name) + ".o");
    if (Error error = writeFile(file, object.bytes))
      return error;
    files.push_back(std::string(file));
  }
  SmallString<128> output(folder);
  path::append(output, "program");
  if (Error error = runLinker(commandLine(*toolchain, files, output)))
    return error;
  auto linked = MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!linked)
    return createStringError("cannot read '" + output + "': " + linked.getError().message());
  return SmallVector<char, 0>((*linked)->getBufferStart(), (*linked)->getBufferEnd());
}
