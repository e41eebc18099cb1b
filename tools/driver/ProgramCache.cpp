//===- ProgramCache.cpp - programs compiled before ------------------------===//
//
// A program's name in the cache is a hash of all that it depends on: sizes and
// times of the checkpoint's files and of Heddle's own, the texts of the pages,
// the options, the processor. Nothing large is read for it.
//
//===----------------------------------------------------------------------===//

#include "tools/driver/ProgramCache.h"
#include "frontend/language/Load.h"
#include "tools/driver/CompileModel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace heddle;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

class Key {
public:
  /// Each part ends with its length, so that no two lists of parts look alike.
  void add(StringRef part) {
    hash.update(part);
    hash.update("/" + std::to_string(part.size()) + "\n");
  }

  /// A file by its name, size and time.
  void addFile(StringRef file) {
    fs::file_status status;
    if (fs::status(file, status))
      return;
    add(file);
    add(std::to_string(status.getSize()));
    add(std::to_string(status.getLastModificationTime().time_since_epoch().count()));
  }

  void addText(StringRef file) {
    add(path::filename(file));
    if (auto text = MemoryBuffer::getFile(file))
      add((*text)->getBuffer());
  }

  /// All files of a folder, in the order of their names.
  void addFolder(StringRef folder, StringRef suffix, void (Key::*one)(StringRef)) {
    std::vector<std::string> files;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
      if (StringRef(it->path()).ends_with(suffix))
        files.push_back(it->path());
    addFiles(files, one);
  }

  /// A checkpoint's folder, and the config.json of each folder in it.
  void addCheckpoint(StringRef folder) {
    addFolder(folder, "", &Key::addFile);
    std::vector<std::string> configs;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
      if (std::string config = it->path() + "/config.json"; fs::exists(config))
        configs.push_back(config);
    addFiles(configs, &Key::addFile);
  }
  std::string finish() { return toHex(hash.final(), /*LowerCase=*/true).substr(0, 24); }

private:
  void addFiles(std::vector<std::string> &files, void (Key::*one)(StringRef)) {
    llvm::sort(files);
    for (const std::string &file : files)
      (this->*one)(file);
  }

  SHA256 hash;
};

} // namespace

static std::string realPath(StringRef file) {
  SmallString<256> real;
  return fs::real_path(file, real) ? file.str() : real.str().str();
}

static std::string keyOf(const CompileOptions &options) {
  Key key;
  static int here;
  std::string self = realPath(fs::getMainExecutable("heddle", &here));
  key.addFile(self);
  key.addFolder((path::parent_path(path::parent_path(self)) + "/lib/heddle").str(), ".a", &Key::addFile);
  key.add(options.text());
  key.add(sys::getHostCPUName());
  std::string model = realPath(options.model);
  if (options.isPage())
    key.addText(model);
  else if (fs::is_directory(model))
    key.addCheckpoint(model);
  else
    key.addFile(model);
  // A model in several files, of which this is one.
  constexpr StringRef end = "-of-00000.gguf";
  if (StringRef ending = StringRef(model).take_back(end.size()); ending.starts_with("-of-"))
    key.addFolder(path::parent_path(model), ending, &Key::addFile);
  if (!options.arch.empty())
    key.addText(options.arch);
  // Any page may be the one that serves the checkpoint, and std.heddle is part of each. A page's own folder
  // comes first.
  if (std::string page = options.isPage() ? model : options.arch; !page.empty())
    key.addText((path::parent_path(realPath(page)) + "/std.heddle").str());
  key.addFolder(modelsFolder(), ".heddle", &Key::addText);
  return key.finish();
}

static Expected<std::string> cacheFolder() {
  SmallString<256> folder;
  if (auto cache = sys::Process::GetEnv("XDG_CACHE_HOME"); cache && path::is_absolute(*cache)) {
    folder = *cache;
  } else if (path::home_directory(folder)) {
    path::append(folder, ".cache");
  } else {
    return createStringError("there is no place for a cache: neither XDG_CACHE_HOME nor HOME is set");
  }
  path::append(folder, "heddle", "programs");
  if (std::error_code code = fs::create_directories(folder))
    return createStringError("cannot make the cache '" + folder + "': " + code.message() +
                             "; XDG_CACHE_HOME names another place");
  return std::string(folder);
}

Expected<std::string> heddle::cachedProgram(const CompileOptions &options) {
  if (!fs::exists(options.model))
    return createStringError("'" + options.model + "' is neither a folder nor a file");
  auto folder = cacheFolder();
  if (!folder)
    return folder.takeError();
  SmallString<256> program(*folder);
  path::append(program, path::stem(realPath(options.model)) + "-" + keyOf(options));
  if (fs::exists(program))
    return std::string(program);
  if (Error error = compileModel(options, Stages(), program, /*listDefaults=*/false))
    return error;
  return std::string(program);
}

bool heddle::isProgram(StringRef file) {
  file_magic magic;
  return !fs::is_directory(file) && !identify_magic(file, magic) && magic.is_object() &&
         (magic == file_magic::elf_executable || magic == file_magic::elf_shared_object);
}
