// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {IForkRights} from "./IForkRights.sol";
import {Authorization, ISettlement, Permit} from "./ISettlement.sol";

/// @notice How a license is paid. The numbers are part of the ABI.
enum TermsKind {
    /// Paid at purchase for `duration` seconds, renewable.
    TIME,
    /// Paid at purchase, never expires.
    FULL,
    /// Each use is charged to the license's channel, at most `maxCallPrice`; never expires where `duration` is 0.
    METERED
}

/// @title The right to use the assets of one series, as a token
/// @notice Terms never change except for `active`. Nobody can take a paid license back: only TAKEDOWN can freeze an asset.
interface ILicenses is IERC721, IForkRights {
    struct Terms {
        /// Paid at purchase and at each renewal, in the currency's smallest unit.
        uint128 price;
        /// The most one use may be charged. Above 0 exactly where the kind is METERED.
        uint128 maxCallPrice;
        /// The version whose receipts earn the price. The license is good for every version in its series.
        uint64 assetId;
        uint64 series;
        /// Seconds that one payment buys. Above 0 for TIME, 0 for FULL.
        uint32 duration;
        uint32 maxSupply;
        uint32 sold;
        TermsKind kind;
        bool transferable;
        /// Whether licenses and renewals are for sale. The one field that may change, both ways.
        bool active;
    }

    struct Offer {
        uint256 assetId;
        TermsKind kind;
        uint128 price;
        uint32 duration;
        uint128 maxCallPrice;
        bool transferable;
        /// At least 1; `type(uint32).max` where there is no limit.
        uint32 maxSupply;
    }

    struct License {
        uint64 termsId;
        /// Unix seconds; the license is good while `block.timestamp < expiresAt`. `type(uint64).max`: never expires.
        uint64 expiresAt;
        /// Grows with each change of hands: vouchers and channels of earlier epochs cannot touch later ones.
        uint64 epoch;
        /// Whose signature counts on vouchers: a session address, never the holder's own unless the holder says so.
        address voucherSigner;
    }

    event TermsOffered(uint256 indexed termsId, uint256 indexed series, uint256 indexed assetId, Terms terms);
    /// Precedes `TermsOffered` of the same terms: their holders may fork, and owe this part of what a fork earns.
    event ForksAllowed(uint256 indexed termsId, uint16 royaltyBps);
    event TermsActivityChanged(uint256 indexed termsId, bool active);
    event LicenseBought(
        uint256 indexed licenseId,
        uint256 indexed termsId,
        address indexed holder,
        address buyer,
        uint64 expiresAt,
        address voucherSigner,
        uint128 pricePaid
    );
    event LicenseRenewed(uint256 indexed licenseId, address indexed payer, uint64 expiresAt, uint128 pricePaid);
    event VoucherSignerChanged(
        uint256 indexed licenseId, uint64 indexed epoch, address previous, address voucherSigner
    );
    /// The license changed hands: `voucherSigner` is nobody until the new holder names one.
    event EpochBegun(uint256 indexed licenseId, uint64 indexed epoch, address indexed holder);

    error UnknownTerms(uint256 termsId);
    error TermsNotSensible(TermsKind kind, uint32 duration, uint128 maxCallPrice, uint32 maxSupply);
    /// A license that ends cannot allow forks: the fork would outlive it.
    error ForksOutliveLicense(uint32 duration);
    error RoyaltyTooHigh(uint16 royaltyBps, uint16 most);
    error NotAuthor(uint256 series, address author, address caller);
    error NotForSale(uint256 termsId);
    error SoldOut(uint256 termsId, uint32 maxSupply);
    error PriceAboveLimit(uint128 price, uint128 maxPrice);
    error AssetIsFrozen(uint256 assetId);
    error NotRenewable(uint256 licenseId);
    error NotHolder(uint256 licenseId, address holder, address caller);
    /// Only the holder names the signer of a license: a gift comes without one.
    error SignerOfAnother(address holder, address caller);
    error NotTransferable(uint256 licenseId);
    error NotMetered(uint256 licenseId);

    /// @notice Offer licenses for the series of an asset. Only the series' author.
    function offer(Offer calldata wanted) external returns (uint256 termsId);

    /// @notice As `offer`; holders may also fork the assets of the series, and owe `royaltyBps` of what a fork earns after
    ///         the fee, in ten-thousandths, at most 4000. Only for licenses that never expire.
    function offerForks(Offer calldata wanted, uint16 royaltyBps) external returns (uint256 termsId);

    /// @notice Stop or resume selling. Only the series' author. Held licenses stay as they are.
    function setActive(uint256 termsId, bool active) external;

    /// @notice Buy a license for `to`, paid by the caller, who has approved the Settlement contract for the price.
    /// @param signer Whose signature counts on vouchers; nobody's where zero, as it must be for a gift: the holder names
    ///        the signer then.
    /// @param maxPrice The price the buyer has seen: a higher one reverts.
    function buy(uint256 termsId, address to, address signer, uint128 maxPrice) external returns (uint256 licenseId);

    /// @notice As `buy`, with a permit for the Settlement contract in place of an approval.
    /// @dev A permit that fails is ignored: where someone else sent it first, the allowance is there already.
    function buyWithPermit(uint256 termsId, address to, address signer, uint128 maxPrice, Permit calldata permit)
        external
        returns (uint256 licenseId);

    /// @notice Buy a METERED license for the caller and open its channel with `deposit`, in one transaction.
    function buyAndOpen(uint256 termsId, address signer, uint128 maxPrice, uint128 deposit)
        external
        returns (uint256 licenseId);

    /// @notice As `buyAndOpen`, with one permit for price and deposit together, for the Settlement contract.
    function buyAndOpenWithPermit(
        uint256 termsId,
        address signer,
        uint128 maxPrice,
        uint128 deposit,
        Permit calldata permit
    ) external returns (uint256 licenseId);

    /// @notice As `buyAndOpen`, or as `buy` where `deposit` is 0, paid by an ERC-3009 authorization of `holder` for the
    ///         Settlement contract over price and deposit together. Anyone may send it: the holder needs no gas.
    /// @dev The authorization's nonce is `buyNonce` of the order, so that it pays for this order only.
    function buyWithAuthorization(
        uint256 termsId,
        address holder,
        address signer,
        uint128 deposit,
        Authorization calldata authorization
    ) external returns (uint256 licenseId);

    /// @notice Add one duration from now or from the end of the paid time, whichever is later. Anyone may pay.
    function renew(uint256 licenseId) external returns (uint64 expiresAt);

    /// @notice As `renew`, with a permit for the Settlement contract in place of an approval.
    function renewWithPermit(uint256 licenseId, Permit calldata permit) external returns (uint64 expiresAt);

    /// @notice As `renew`, paid by an ERC-3009 authorization of `payer`, whose nonce is `renewNonce` of the order.
    /// @dev The order names the expiry that it extends: sent late or twice, it renews nothing that was not meant.
    function renewWithAuthorization(uint256 licenseId, address payer, Authorization calldata authorization)
        external
        returns (uint64 expiresAt);

    /// @notice Change whose signature counts on vouchers, in the license's channel too. Only the holder.
    /// @dev What the previous signer signed stays redeemable for the withdraw delay.
    function setSigner(uint256 licenseId, address signer) external;

    /// @notice Stop, or resume, sales and renewals. Needs the role PAUSER.
    function pause() external;

    function unpause() external;

    /// @notice Whether `user` may use `assetId` by this license at this block: the holder, before the expiry, in the
    ///         series, not frozen. False, never a revert, for ids that do not exist.
    function isValid(uint256 licenseId, address user, uint256 assetId) external view returns (bool);

    /// @notice The license; reverts where there is none, as the functions below do.
    function getLicense(uint256 licenseId) external view returns (License memory);

    function getTerms(uint256 termsId) external view returns (Terms memory);

    function licenseTerms(uint256 licenseId) external view returns (Terms memory);

    /// @notice As in ERC-5643.
    function expiresAt(uint256 licenseId) external view returns (uint64);

    /// @notice As in ERC-5643: whether `renew` would be accepted now.
    function isRenewable(uint256 licenseId) external view returns (bool);

    /// @notice Whether holders may fork under these terms, and what their forks owe.
    function forkTerms(uint256 termsId) external view returns (bool allowed, uint16 royaltyBps);

    /// @notice The nonce of an authorization that pays for this purchase. `salt` is the payer's choice.
    function buyNonce(uint256 termsId, address holder, address signer, uint128 deposit, bytes32 salt)
        external
        pure
        returns (bytes32);

    /// @notice The nonce of an authorization that pays for extending a license which expires at `expiresAt`.
    function renewNonce(uint256 licenseId, uint64 expiresAt, bytes32 salt) external pure returns (bytes32);

    function termsCount() external view returns (uint256);

    function licenseCount() external view returns (uint256);

    function registry() external view returns (IAssetRegistry);

    function settlement() external view returns (ISettlement);
}
