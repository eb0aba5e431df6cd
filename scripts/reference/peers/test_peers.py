"""Known answers for the DIST port, the polygoniser and the small arithmetic. Run by `scripts/bench-peers --self-test`."""

import datetime
import unittest

import numpy as np
from rasterio.transform import from_origin

import cva_otsu
import dist_gen
import dist_state as dist
import dist_veg
import dist_views
import polygons
from cube import clear_pixels
from detection import Detection


def follow(anomalies, low=10, high=50, days=None, **more):
    """Status, confidence and percent after every view of one pixel, a view every 5 days; None is not seen."""
    state, told = dist.AlertState((1, 1), low, high, **more), []
    for index, anomaly in enumerate(anomalies):
        day = days[index] if days else 1000 + 5 * index
        seen = np.array([[anomaly is not None]])
        state.update(day, np.array([[anomaly or 0]]), seen)
        told.append((int(state.status[0, 0]), int(state.confidence[0, 0]), int(state.percent[0, 0])))
    return told


class Dist(unittest.TestCase):
    def statuses(self, *given, **more):
        return [status for status, _, _ in follow(*given, **more)]

    def test_three_losses_of_45_confirm_and_two_do_not(self):
        self.assertEqual(follow([45, 45, 45]), [(1, 45, 100), (2, 180, 100), (3, 405, 100)])

    def test_four_losses_of_25_confirm_at_exactly_400(self):
        self.assertEqual([told[1] for told in follow([25, 25, 25, 25])], [25, 100, 225, 400])
        self.assertEqual(self.statuses([25, 25, 25, 25]), [1, 2, 2, 3])

    def test_seven_losses_of_9_confirm_under_a_lower_threshold(self):
        self.assertEqual([told[1] for told in follow([9] * 7, low=5)], [9, 36, 81, 144, 225, 324, 441])
        self.assertEqual(self.statuses([9] * 7, low=5)[-2:], [2, 3])

    def test_nine_per_cent_is_no_anomaly_by_default(self):
        self.assertEqual(self.statuses([9] * 7), [0] * 7)

    def test_a_loss_of_half_the_cover_is_high(self):
        self.assertEqual(self.statuses([60, 60, 60]), [4, 5, 6])
        self.assertEqual(self.statuses([45, 45, 60]), [1, 2, 6])

    def test_one_anomaly_and_one_quiet_view_are_forgotten(self):
        self.assertEqual(follow([80, 0]), [(4, 80, 100), (0, 0, 0)])

    def test_one_quiet_view_inside_an_alert_lowers_the_confidence(self):
        # 45, 45 -> 180; quiet: mean (180/4*2 + 0)/3 = 30, times 2^2 = 120, percent 2 of 3 = 66;
        # then others = trunc(34/66*2) = 1: mean (120/4*3 + 45)/4 = 33.75, times 3^2 = 303, percent 3 of 4 = 75.
        self.assertEqual(follow([45, 45, 0, 45]), [(1, 45, 100), (2, 180, 100), (2, 120, 66), (2, 303, 75)])

    def test_two_quiet_views_end_an_alert_and_keep_a_confirmed_one(self):
        self.assertEqual(self.statuses([45, 45, 0, 0]), [1, 2, 2, 0])
        self.assertEqual(self.statuses([45, 45, 45, 0, 0, 0]), [1, 2, 3, 3, 7, 7])
        self.assertEqual(self.statuses([60, 60, 60, 0, 0]), [4, 5, 6, 6, 8])

    def test_one_quiet_view_15_days_after_the_last_anomaly_ends_it(self):
        self.assertEqual(self.statuses([45, 45, 45, 0], days=[1000, 1005, 1010, 1024]), [1, 2, 3, 3])
        self.assertEqual(self.statuses([45, 45, 45, 0], days=[1000, 1005, 1010, 1025]), [1, 2, 3, 7])

    def test_a_gap_between_anomalies_ends_nothing(self):
        self.assertEqual(self.statuses([45, 45, 45], days=[1000, 1060, 1120]), [1, 2, 3])

    def test_an_anomaly_after_a_finished_alert_starts_anew(self):
        self.assertEqual(follow([45, 45, 45, 0, 0, 30])[-1], (1, 30, 100))

    def test_an_alert_older_than_a_year_is_forgotten(self):
        self.assertEqual(self.statuses([45, 45, 45, 45], days=[1000, 1200, 1365, 1366]), [1, 2, 3, 1])

    def test_an_unseen_view_changes_nothing(self):
        self.assertEqual(follow([45, None, 45, None, 45])[-1], follow([45, 45, 45], days=[1000, 1010, 1020])[-1])
        self.assertEqual(self.statuses([None, 0]), [255, 0])

    def test_confidence_stops_at_32000(self):
        self.assertEqual(follow([90] * 30)[-1][1], 32000)

    def test_spectra_confirm_at_1600_and_an_anomaly_counts_100_at_most(self):
        # 300 counts 100: 100, 400, 900, 1600.
        told = follow([300, 300, 300, 300], low=20, confirm=1600)
        self.assertEqual([confidence for _, confidence, _ in told], [100, 400, 900, 1600])
        self.assertEqual([status for status, _, _ in told], [4, 5, 5, 6])

    def test_two_anomalies_on_one_day_are_two(self):
        # Two sensors: the second view of the day makes two, so one quiet view does not end it.
        self.assertEqual(self.statuses([45, 45, 0], days=[1000, 1000, 1005]), [1, 1, 1])

    def test_loss_counts_below_the_lowest_of_at_least_four_views(self):
        past = np.array([60.0, 50, 70, 55, np.nan]).reshape(5, 1, 1)
        self.assertEqual(dist_veg.loss(np.array([[38.0]]), past)[0].item(), 12)
        self.assertEqual(dist_veg.loss(np.array([[65.0]]), past)[0].item(), 0)
        self.assertFalse(dist_veg.loss(np.array([[38.0]]), past[1:])[1].item())
        self.assertFalse(dist_veg.loss(np.array([[np.nan]]), past)[1].item())

    def test_the_look_back_is_15_days_around_the_day_in_three_years(self):
        day = datetime.date
        dates = [day(2019, 6, 15), day(2020, 5, 30), day(2020, 6, 1), day(2021, 6, 30), day(2022, 7, 1), day(2022, 6, 10),
                 day(2023, 6, 1), day(2023, 6, 15)]
        self.assertEqual(dist_views.same_season(dates, 7, 15), [2, 3, 5])

    def test_mahalanobis_of_an_independent_sample_is_counted_in_standard_deviations(self):
        # Two bands, eight views on a cross: variance 8/7 each (4 * 1 + 4 * 1 over 7), no covariance.
        views = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]] * 2, float)[..., None] + 500
        now = np.array([[500 + 60 * np.sqrt(8 / 7)], [500 + 80 * np.sqrt(8 / 7)]]) + 1e-6
        self.assertEqual(dist_gen.distance(now, views)[0].item(), 100)
        self.assertFalse(dist_gen.distance(now, views[:6])[1].item())


class Ground(unittest.TestCase):
    def leads(self, found, smooth=False):
        found = np.asarray(found, bool)
        score, day = found * 2.0, np.where(found, 738000, 0)
        detection = Detection(found, score, day, day + 5)
        place = from_origin(291000, 4609000, 10, 10)
        return polygons.leads(detection, np.ones(found.shape, bool), place, "EPSG:32649", smooth)

    def test_nine_pixels_are_a_lead_and_eight_are_not(self):
        found = np.zeros((12, 12), bool)
        found[1:4, 1:4] = True
        found[6:8, 6:10] = True
        (lead,) = self.leads(found)
        self.assertEqual(lead["properties"]["pixels"], 9)
        self.assertAlmostEqual(lead["properties"]["confidence"], 2 / 3, places=5)
        self.assertEqual(lead["properties"]["first_seen"], datetime.date.fromordinal(738000).isoformat())

    def test_pixels_that_meet_at_a_corner_are_two_patches(self):
        found = np.zeros((12, 12), bool)
        found[0:3, 0:3] = found[3:6, 3:6] = True
        self.assertEqual(len(self.leads(found)), 2)

    def test_an_outline_lies_where_the_pixels_are(self):
        found = np.zeros((12, 12), bool)
        found[2:6, 3:7] = True
        (lead,) = self.leads(found)
        ring = np.array(lead["geometry"]["coordinates"][0])
        self.assertTrue(108.49 < ring[:, 0].min() < ring[:, 0].max() < 108.50)
        self.assertTrue(41.60 < ring[:, 1].min() < ring[:, 1].max() < 41.61)

    def test_the_majority_takes_out_specks_and_fills_pinholes(self):
        found = np.zeros((12, 12), bool)
        found[2:9, 2:9] = True
        found[5, 5] = False
        found[10, 10] = True
        self.assertTrue(polygons.majority(found)[5, 5])
        self.assertFalse(polygons.majority(found)[10, 10])

    def test_a_cloud_takes_two_pixels_of_its_surroundings_with_it(self):
        scl = np.full((7, 7), 4)
        scl[3, 3] = 9
        self.assertEqual(int((~clear_pixels(scl)).sum()), 25)

    def test_otsu_parts_two_heaps(self):
        heaps = np.concatenate([np.linspace(0, 1, 500), np.linspace(9, 10, 100)])
        self.assertTrue(1 <= cva_otsu.otsu(heaps) <= 9)


if __name__ == "__main__":
    unittest.main()
