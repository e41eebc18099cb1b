"""elaborate-folders.py FOLDER: each checkpoint in FOLDER with the page for it, in both forms of its config.

Prints what went wrong, and the number of modules made. Folders for which no page is there are left out.
"""
import os, subprocess, sys, tempfile

made = 0
for name in sorted(os.listdir(sys.argv[1])):
    folder = os.path.join(sys.argv[1], name)
    if not os.path.exists(os.path.join(folder, "model.safetensors")):
        continue
    for config in ("config.json", "config_v5.json"):
        with tempfile.TemporaryDirectory() as place:
            os.symlink(os.path.abspath(os.path.join(folder, "model.safetensors")), os.path.join(place, "model.safetensors"))
            os.symlink(os.path.abspath(os.path.join(folder, config)), os.path.join(place, "config.json"))
            run = subprocess.run(["heddle-elaborate", "--quiet", "-", place], capture_output=True, text=True)
        if run.returncode == 0:
            made += 1
        elif "no page in" not in run.stderr:
            print(name, config, run.stderr)
print("modules made:", made)
