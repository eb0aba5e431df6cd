# shellcheck shell=bash
# For `source`: where Orfeo ToolBox is. Nothing is installed on the system.

# Sets OTB_LAUNCHER (and OTB_APPLICATION_PATH, OTB_LIBRARIES where it was unpacked from apt into FOLDER/otb), or OTB_REASON
# why there is none. Usage: orfeo FOLDER NAME-OF-CALLER
orfeo() {
    local work=$1 caller=$2
    local root=$work/otb/unpacked launcher
    if launcher=$(command -v otbApplicationLauncherCommandLine); then
        export OTB_LAUNCHER=$launcher
        return
    fi
    if [[ ! -f $work/otb/whole ]]; then
        mkdir -p "$work/otb/archives/partial" "$root"
        echo "$caller: Orfeo ToolBox into $work/otb" >&2
        if apt-get -qq -y --no-install-recommends --download-only -o "Dir::Cache::archives=$work/otb/archives" \
            install otb-bin > "$work/otb/apt.log" 2>&1; then
            local package
            for package in "$work"/otb/archives/*.deb; do
                dpkg -x "$package" "$root"
            done
            rm -rf "$work/otb/archives"
            touch "$work/otb/whole"
        fi
    fi
    if [[ -f $work/otb/whole && -x $root/usr/bin/otbApplicationLauncherCommandLine ]]; then
        export OTB_LAUNCHER=$root/usr/bin/otbApplicationLauncherCommandLine
        OTB_APPLICATION_PATH=$(dirname "$(find "$root" -name otbapp_MultivariateAlterationDetector.so)")
        OTB_LIBRARIES=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
        export OTB_APPLICATION_PATH OTB_LIBRARIES
    else
        export OTB_REASON="otb-bin is neither installed nor to be had from apt (see $work/otb/apt.log)"
        echo "$caller: Orfeo ToolBox skipped: $OTB_REASON" >&2
    fi
}
