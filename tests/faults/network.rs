//! 3H, network and STAC: asserted by `tests/catalogue`, which has servers of its own.

use crate::table::{Case, tested};

const FAULTS: &str = "tests/catalogue/faults.rs";
const HOSTS: &str = "tests/catalogue/hosts.rs";
const SERVICES: &str = "tests/catalogue/api.rs";
const CHOICE: &str = "src/catalogue/choose.rs";

/// Cases of 3H.
pub const CASES: &[Case] = &[
    tested(
        "3H",
        "141",
        "429 and 503 with Retry-After, 500, 502",
        &[
            (FAULTS, "thirty_percent_of_faults_give_the_same_clips_or_a_list_of_what_is_missing"),
            (FAULTS, "every_fault_that_stays_is_told_by_name"),
        ],
    ),
    tested(
        "3H",
        "142",
        "dropped, short, reset, one byte a second",
        &[
            (FAULTS, "thirty_percent_of_faults_give_the_same_clips_or_a_list_of_what_is_missing"),
            (FAULTS, "every_fault_that_stays_is_told_by_name"),
        ],
    ),
    tested(
        "3H",
        "143",
        "200 with a page, 206 with a wrong range, zeros",
        &[
            (FAULTS, "thirty_percent_of_faults_give_the_same_clips_or_a_list_of_what_is_missing"),
            (FAULTS, "plain_blocks_of_zeros_are_never_numbers"),
        ],
    ),
    tested(
        "3H",
        "144",
        "redirect to this machine, metadata service or file",
        &[(HOSTS, "nobody_is_asked_who_was_not_named_not_even_by_a_redirection")],
    ),
    tested(
        "3H",
        "145",
        "a signature that ends in the middle of a run",
        &[(FAULTS, "a_signature_that_ends_under_way_is_told_and_the_next_run_goes_on")],
    ),
    tested(
        "3H",
        "146",
        "no names, no network at all",
        &[
            (HOSTS, "no_name_no_network_no_proxy_and_no_certificate_are_told_in_words"),
            (HOSTS, "local_paths_ask_no_network"),
        ],
    ),
    tested(
        "3H",
        "147",
        "a file that changes between two range reads",
        &[(FAULTS, "a_file_that_changes_between_two_readings_is_read_anew")],
    ),
    tested(
        "3H",
        "148",
        "a download resumed with other bytes; size 0",
        &[
            (FAULTS, "a_check_sum_of_the_item_is_believed_before_the_bytes"),
            (FAULTS, "a_file_of_nothing_or_of_other_bytes_is_no_picture"),
        ],
    ),
    tested(
        "3H",
        "149",
        "proxy, TLS and clock faults",
        &[(HOSTS, "no_name_no_network_no_proxy_and_no_certificate_are_told_in_words")],
    ),
    tested(
        "3H",
        "150",
        "a poisoned STAC answer",
        &[(SERVICES, "a_poisoned_service_gives_a_list_with_reasons_and_an_end")],
    ),
    tested(
        "3H",
        "151",
        "a STAC geometry that is not the footprint",
        &[(FAULTS, "an_item_that_lies_about_its_place_is_left_out_with_the_reason")],
    ),
    tested(
        "3H",
        "152",
        "a catalogue that lacks a third of the scenes",
        &[(CHOICE, "a_catalogue_that_lacks_scenes_says_where")],
    ),
    tested(
        "3H",
        "153",
        "hosts of extension schemas that cannot be reached",
        &[(SERVICES, "schemas_that_items_name_are_not_asked_for")],
    ),
];
