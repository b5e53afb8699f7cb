"""Writes what the functions are made of: a bill of materials (CycloneDX), and the licences of everything that is linked into them.

    python3 infra/notices.py             # for the processor of this machine, into .aws-sam
    python3 infra/notices.py aarch64 DIR # for arm64, into another folder

`sbom.cdx.json` names each crate with its version, licence, checksum and what it needs; `third-party-notices.txt` has the texts
that the licences ask to be passed on. What cargo links is asked of cargo, by the same selection as the build: crates that only
build or test others are in neither. A licence that infra/licences.json does not allow ends this with an error that names the crate.

It must not know what a crate is for. It needs Python, and the toolchain and sources that the build needs.
"""

import collections
import html
import json
import pathlib
import platform
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The package that the functions are built from.
PACKAGE = "functions"

# Files that a package keeps its terms in.
TERMS = re.compile(r"^(licen[sc]e|copying|copyright|notice|unlicense)", re.IGNORECASE)

# What the function `api` has in it beside crates: the console's script.
ASSETS = ROOT / "crates/api/assets"

# An exception grants more than its licence, so that what allows the licence allows both.
EXCEPTIONS = {"LLVM-exception"}


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked(target):
    """Each linked crate, as (name, version), with those that it needs itself."""
    lines = cargo(
        "tree", "--locked", "--package", PACKAGE, "--target", target, "--edges", "normal,no-proc-macro",
        "--prefix", "depth", "--format", " {p}", "--no-dedupe",
    )
    needs, path = collections.defaultdict(set), []
    for line in lines.splitlines():
        depth, name, version = re.match(r"(\d+) (\S+) v(\S+)", line).groups()
        crate = (name, version)
        del path[int(depth):]
        if path:
            needs[path[-1]].add(crate)
        path.append(crate)
        needs[crate]
    return needs


def packages():
    """What cargo knows of each package."""
    known = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    return {(package["name"], package["version"]): package for package in known}


def checksums():
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(one["name"], one["version"]): one["checksum"] for one in locked if "checksum" in one}


def expression(licence):
    """The licence as SPDX writes it today; a slash is an old way to write OR."""
    return re.sub(r"\s*/\s*", " OR ", licence)


def satisfied(licence, allowed):
    """Whether allowed licences alone meet the expression. AND binds more than OR."""
    tokens = re.findall(r"[()]|[^\s()]+", licence)

    def either():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        token = tokens.pop(0)
        if token == "(":
            met = either()
            tokens.pop(0)
            return met
        met = token in allowed
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            met = tokens.pop(0) in EXCEPTIONS and met
        return met

    return either()


def refused(crates, known, allowed):
    """A sentence for each crate that may not be linked."""
    for name, version in crates:
        licence = known[name, version]["license"]
        if not licence:
            yield f"{name} {version} does not say by which licence it may be used"
        elif not satisfied(expression(licence), allowed):
            yield f"{name} {version} may be used by {licence}, which infra/licences.json does not allow"


def compiler():
    """The version of the toolchain, and the notices of its standard library, which is linked as well."""
    version = re.match(r"rustc (\S+)", subprocess.run(["rustc", "--version"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)[1]
    root = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    page = (pathlib.Path(root) / "share/doc/rust/COPYRIGHT-library.html").read_text()
    plain = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<head>.*?</head>", "", page, flags=re.DOTALL)))
    return version, re.sub(r"\n\s*\n\s*", "\n\n", plain).strip()


def reference(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1]}"


def component(crate, package, checksum):
    name, version = crate
    described = {
        "type": "library",
        "bom-ref": reference(crate),
        "name": name,
        "version": version,
        "licenses": [{"expression": expression(package["license"])}],
    }
    # A crate of the project's own is in no registry.
    if package["source"]:
        described["purl"] = reference(crate)
    if checksum:
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package.get("repository"):
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def script():
    """The version of htmx, and the text of its licence, which is 0BSD."""
    version = re.search(r'version:"([\d.]+)"', (ASSETS / "htmx.min.js").read_text())[1]
    return version, (ASSETS / "htmx-LICENSE").read_text().strip()


def others(standard_library):
    """What is linked or built in and is no crate."""
    version, _ = script()
    return [
        {
            "type": "library", "bom-ref": reference(("std", standard_library)), "name": "std", "version": standard_library,
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "externalReferences": [{"type": "vcs", "url": "https://github.com/rust-lang/rust"}],
        },
        {
            "type": "library", "bom-ref": f"pkg:npm/htmx.org@{version}", "name": "htmx.org", "version": version,
            "licenses": [{"expression": "0BSD"}], "purl": f"pkg:npm/htmx.org@{version}",
        },
    ]


def bill(needs, known, standard_library):
    sums = checksums()
    std = ("std", standard_library)
    components = [component(crate, known[crate], sums.get(crate)) for crate in sorted(needs)] + others(standard_library)
    edges = [{"ref": reference(crate), "dependsOn": sorted(map(reference, needs[crate] | {std}))} for crate in sorted(needs)]
    next(edge for edge in edges if "/api@" in edge["ref"])["dependsOn"].append(components[-1]["bom-ref"])
    own = next(crate for crate in needs if crate[0] == PACKAGE)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "resync", "name": "resync", "version": own[1]},
        },
        "components": components,
        "dependencies": [{"ref": "resync", "dependsOn": [reference(own)]}, *edges],
    }


def terms(package):
    """The texts that a package brings, or what stands for them when it brings none."""
    root = pathlib.Path(package["manifest_path"]).parent
    found = sorted(path for path in root.rglob("*") if path.is_file() and TERMS.match(path.name) and path.suffix not in (".rs", ".py"))
    if found:
        return [path.read_text(errors="replace").strip() for path in found]
    if "Apache-2.0" in package["license"]:
        return [(ROOT / "LICENSE-APACHE").read_text().strip()]
    if "MIT" in package["license"]:
        permission = re.sub(r"Copyright \(c\).*\n", "", (ROOT / "LICENSE-MIT").read_text()).strip()
        return [permission.replace("MIT License", f"MIT License\n\nCopyright (c) the authors of {package['repository']}", 1)]
    sys.exit(f"{package['name']} brings no text of its licence {package['license']}")


def notices(crates, known, standard_library, its_notices):
    """Each text once, below the crates that come by it."""
    texts = collections.defaultdict(list)
    for name, version in crates:
        package = known[name, version]
        for text in terms(package) if package["source"] else []:
            texts[re.sub(r"\s+", " ", text)].append((f"{name} {version} ({expression(package['license'])})", text))
    rule = "=" * 100
    parts = ["Resync's functions are linked from the following, which others wrote. Each text stands below whom it is of."]
    for uses in texts.values():
        parts += [rule, "\n".join(dict.fromkeys(name for name, _ in uses)), uses[0][1]]
    version, terms_of_script = script()
    parts += [rule, f"htmx.org {version} (0BSD)", terms_of_script]
    parts += [rule, f"std {standard_library} (MIT OR Apache-2.0)", its_notices]
    return "\n\n".join(parts) + "\n"


def main():
    machine = sys.argv[1] if len(sys.argv) > 1 else platform.machine()
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / ".aws-sam"
    allowed = json.loads(pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else ROOT / "infra/licences.json").read_text())
    needs, known = linked(f"{machine}-unknown-linux-gnu"), packages()
    problems = list(refused(sorted(needs), known, allowed))
    if problems:
        sys.exit("\n".join(problems))
    standard_library, its_notices = compiler()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.cdx.json").write_text(json.dumps(bill(needs, known, standard_library), indent=2) + "\n")
    text = notices(sorted(needs), known, standard_library, its_notices)
    (folder / "third-party-notices.txt").write_text(text)
    print(f"{len(needs)} crates, the standard library and htmx: {folder / 'sbom.cdx.json'}, {folder / 'third-party-notices.txt'}")


if __name__ == "__main__":
    main()
